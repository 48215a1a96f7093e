// Ten thousand writes under a random mixture of faults, over each wire: whatever the gateway says
// of a write is what happened to it. Not a case of the matrix, but all of them at once.
//
// The fault of a request is a function of the seed, of the write's number, and of how often this
// write has come, so the seed that is printed replays a run: FAULTS_SEED=N.
#include <array>
#include <cstdlib>
#include <deque>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/faults/bench.h"
#include "tests/upstream/http/guarded.h"

namespace gateway::faults {
namespace {

using absl::StatusCode;
using Kind = Reaction::Kind;

constexpr int kWrites = 10'000;
constexpr size_t kInFlight = 40;
constexpr absl::Duration kDeadline = absl::Seconds(20);
// Between the end of an attempt and the deadline: the gateway's answer comes first, not that of
// gRPC's client, which keeps the deadline by itself and knows nothing.
constexpr absl::Duration kMargin = absl::Seconds(5);
// Of a write that meets a stall, which the gateway so gives up after 100 ms.
constexpr absl::Duration kShortDeadline = absl::Milliseconds(5100);
constexpr int64_t kFirstId = 500000000000000000;

uint64_t Seed() {
  const char* const given = std::getenv("FAULTS_SEED");
  uint64_t seed = 0;
  if (given != nullptr && absl::SimpleAtoi(given, &seed)) return seed;
  return std::random_device()();
}

// Of the operations that take a number, a third each: with a body, without one, DELETE.
Operation Write(int number) {
  switch (number % 3) {
    case 0:
      return Refund(number);
    case 1:
      return Delete(number);
    default:
      return CancelSubscription(number);
  }
}

// The write's number, from "/v1/stores/S/orders/N/refund" and the like; -1: none of ours.
int NumberOf(absl::string_view target) {
  size_t begin = target.find("/5000000");
  int64_t id = 0;
  if (begin == target.npos) return -1;
  const absl::string_view rest = target.substr(begin + 1);
  if (!absl::SimpleAtoi(rest.substr(0, rest.find('/')), &id)) return -1;
  return static_cast<int>(id - kFirstId);
}

enum class Fault {
  kNone,
  kClose,
  kReset,
  kStall,
  kServerError,
  kDeclined,
  kTruncated,
  kGoAwayIncluding,
  kGoAwayExcluding,
  kRefused,
  kCount,
};

// splitmix64: the same everywhere, whatever the library.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

Fault FaultOf(uint64_t seed, int number, int time, Wire wire) {
  const uint64_t random =
      Mix(Mix(Mix(seed) ^ static_cast<uint64_t>(number)) ^ static_cast<uint64_t>(time));
  // A connection that ends takes the other streams of an HTTP/2 session with it: half are enough.
  if (random % 100 < (wire == Wire::kHttp1 ? 40 : 70)) return Fault::kNone;
  const int faults =
      static_cast<int>(wire == Wire::kHttp1 ? Fault::kGoAwayIncluding : Fault::kCount);
  const auto fault = static_cast<Fault>(1 + Mix(random) % (faults - 1));
  // Stalls are the only ones that take time.
  return fault == Fault::kStall && Mix(random + 1) % 16 != 0 ? Fault::kServerError : fault;
}

Reaction ReactionTo(Fault fault, int number) {
  switch (fault) {
    case Fault::kClose:
      return {.kind = Kind::kClose};
    case Fault::kReset:
      return {.kind = Kind::kReset};
    case Fault::kStall:
      return {.kind = Kind::kNothing};
    case Fault::kServerError: {
      constexpr int kStatuses[] = {500, 502, 503, 504};
      return Reaction::Status(kStatuses[number % 4]);
    }
    case Fault::kDeclined:
      return Reaction::Status(number % 2 == 0 ? 409 : 429).With("Retry-After", "0");
    case Fault::kTruncated: {
      Reaction reaction = Reaction::Json("{\"id\"");
      reaction.announced = 100;
      reaction.end = Reaction::End::kShort;
      return reaction;
    }
    case Fault::kGoAwayIncluding:
      return {.kind = Kind::kGoAwayIncluding};
    case Fault::kGoAwayExcluding:
      return {.kind = number % 2 == 0 ? Kind::kGoAwayExcluding : Kind::kGoAwayExcludingClose};
    case Fault::kRefused:
      return {.kind = Kind::kRefuse};
    case Fault::kNone:
    case Fault::kCount:
      break;
  }
  return Reaction::Json("{}");
}

// What the upstream knows of one write.
struct Arrivals {
  int times = 0;     // that its whole request came
  int executed = 0;  // and was carried out
  int declined = 0;  // and was declined with a 4xx
};

// What the upstream knows of all of them.
struct Knowledge {
  std::vector<Arrivals> arrivals;  // by the write's number
  std::array<int, static_cast<size_t>(Fault::kCount)> fired{};
};

class RandomWrites : public WireBench {
 protected:
  Reaction React(const Received& request) {
    const int number = NumberOf(request.target);
    if (number < 0 || number >= kWrites) {
      ADD_FAILURE() << "no write of ours: " << request.target;
      return Reaction::Status(404);
    }
    return knowledge_.With([&](Knowledge& knowledge) {
      Arrivals& arrivals = knowledge.arrivals[number];
      const Fault fault = FaultOf(seed_, number, arrivals.times++, wire());
      ++knowledge.fired[static_cast<size_t>(fault)];
      const bool unprocessed = fault == Fault::kGoAwayExcluding || fault == Fault::kRefused;
      if (fault == Fault::kDeclined) {
        ++arrivals.declined;
      } else if (!unprocessed) {
        ++arrivals.executed;
      }
      return ReactionTo(fault, number);
    });
  }

  struct Running {
    int number;
    std::unique_ptr<Front::Pending> call;
  };

  void Check(const Running& running) {
    const Seen seen = ReadAnswer(running.call->Await());
    const Arrivals arrivals = knowledge_.Read(
        [&](const Knowledge& knowledge) { return knowledge.arrivals[running.number]; });
    const std::string what =
        absl::StrCat("write ", running.number, ": ", seen.ToString(), ", came ", arrivals.times,
                     ", executed ", arrivals.executed);
    EXPECT_LE(arrivals.executed, 1) << what;
    if (seen.ok()) {
      ++answers_["ok"];
      EXPECT_EQ(arrivals.executed, 1) << what;
      return;
    }
    ++answers_[seen.outcome()];
    if (seen.outcome() == "not_sent") {
      EXPECT_EQ(arrivals.executed, 0) << what;
    } else if (seen.outcome() == "refused") {
      EXPECT_EQ(arrivals.executed, 0) << what;
      EXPECT_EQ(arrivals.declined, 1) << what;
    } else {
      EXPECT_EQ(seen.outcome(), "unknown") << what;
    }
    if (seen.code == StatusCode::kUnavailable) {
      EXPECT_EQ(seen.outcome(), "not_sent") << what;
    }
  }

  absl::Duration DeadlineOf(int number) const {
    return FaultOf(seed_, number, 0, wire()) == Fault::kStall ? kShortDeadline : kDeadline;
  }

  const uint64_t seed_ = Seed();
  http::Guarded<Knowledge> knowledge_;
  std::map<std::string, int> answers_;  // by outcome
};

TEST_P(RandomWrites, TenThousandWritesUnderRandomFaults) {
  Saw(absl::StrCat("FAULTS_SEED=", seed_));
  SCOPED_TRACE(absl::StrCat("FAULTS_SEED=", seed_));
  knowledge_.With([](Knowledge& knowledge) { knowledge.arrivals.resize(kWrites); });
  UpstreamOptions& options = upstream_config().options;
  options.deadline_margin = kMargin;
  options.retry_budget.floor = 10 * kWrites;
  options.limit = {.initial = 1000, .minimum = 1000};
  Serve([this](const Received& request) { return React(request); });

  std::deque<Running> running;
  for (int number = 0; number < kWrites; ++number) {
    if (running.size() == kInFlight) {
      Check(running.front());
      running.pop_front();
    }
    running.push_back({number, Begin(Write(number), DeadlineOf(number))});
  }
  for (const Running& last : running) Check(last);
  const Knowledge known = knowledge_.Read([](const Knowledge& knowledge) { return knowledge; });
  for (const Arrivals& arrivals : known.arrivals) EXPECT_LE(arrivals.executed, 1);
  for (const auto& [outcome, count] : answers_) Saw(absl::StrCat(count, " ", outcome));
  Saw(absl::StrCat(upstream().faults(), " faults"));
  // The mixture did what it is for.
  EXPECT_GT(answers_["ok"], kWrites / 20);
  EXPECT_GT(answers_["refused"], 0);
  EXPECT_GT(answers_["unknown"], kWrites / 20);
  const size_t kinds =
      wire() == Wire::kHttp1 ? static_cast<size_t>(Fault::kGoAwayIncluding) : known.fired.size();
  for (size_t fault = 0; fault < kinds; ++fault) {
    EXPECT_GT(known.fired[fault], 0) << "fault " << fault << " never came";
  }
  ExpectMetric("gateway_upstream_outcome_unknown_total", {}, answers_["unknown"]);
}

INSTANTIATE_TEST_SUITE_P(, RandomWrites, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
