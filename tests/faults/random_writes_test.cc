// Ten thousand writes with a random mixture of faults, over each wire: what the gateway reports
// about a write is true, and every answer belongs to its write. This is not a case of the matrix,
// but a combination of all cases.
//
// The fault of a request depends only on the seed, the write's number, and how often this write has
// arrived. FAULTS_SEED=N therefore replays a run with its printed seed.
//
// An unrequested response arrives either behind a reply in the same packet, or between two rounds
// of writes, while the connection is idle. If it crossed with the next request, no HTTP/1.1 client
// could distinguish it from the answer to that request.
#include <array>
#include <deque>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/faults/bench.h"
#include "tests/faults/seed.h"
#include "tests/upstream/http/guarded.h"

namespace gateway::faults {
namespace {

using absl::StatusCode;
using Kind = Reaction::Kind;

constexpr int kWrites = 10'000;
constexpr size_t kInFlight = 40;
constexpr absl::Duration kDeadline = absl::Seconds(20);
// Time between the end of an attempt and the deadline. The gateway's answer must arrive first:
// gRPC's client also enforces the deadline but does not know the outcome.
constexpr absl::Duration kMargin = absl::Seconds(5);
// Deadline of a write that meets a stall: the gateway gives up after 300 ms.
constexpr absl::Duration kShortDeadline = absl::Milliseconds(5300);
constexpr int64_t kFirstId = 500000000000000000;
constexpr int kForeign = 7'777'777;  // a number that no write has
// After this many writes the gateway is idle for a moment.
constexpr int kRound = 100;
// The largest body that the gateway accepts; more than kernels usually buffer for a peer that does
// not read.
constexpr size_t kLargeBody = size_t{3} * 1024 * 1024;

// Returns the operation for this number. One third each: POST with a body, DELETE, POST without a
// body.
Operation SmallWrite(int number) {
  switch (number % 3) {
    case 0:
      return Refund(number);
    case 1:
      return Delete(number);
    default:
      return CancelSubscription(number);
  }
}

// Returns the write's number, from "/v1/stores/S/orders/N/refund" and similar; -1 for other
// targets.
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
  kEarlyDeclined,  // sent before the request's body has arrived; then the connection ends
  kTruncated,
  kForeignBehind,  // a foreign response follows in the same packet
  kForeignIdle,    // a foreign response while the connection is idle
  kCount,
};

Fault FaultOf(uint64_t seed, int number, int time) {
  const uint64_t random =
      Mix(Mix(Mix(seed) ^ static_cast<uint64_t>(number)) ^ static_cast<uint64_t>(time));
  if (random % 100 < 40) return Fault::kNone;
  const auto fault = static_cast<Fault>(1 + Mix(random) % (static_cast<int>(Fault::kCount) - 1));
  const bool seldom = Mix(random + 1) % 16 != 0;
  // These faults take much time or many bytes.
  if (fault == Fault::kStall && seldom) return Fault::kServerError;
  if (fault == Fault::kEarlyDeclined && seldom) return Fault::kDeclined;
  return fault;
}

std::string MarkerOf(int number) { return absl::StrCat(kFirstId + number); }

// Every body carries the marker, so that an answer shows which write it belongs to.
std::string BodyOf(int number) {
  return absl::StrCat(R"({"id": ")", MarkerOf(number), R"(", "trace_id": ")", MarkerOf(number),
                      R"("})");
}

std::string ForeignResponse(int number) {
  return Reaction::Status(number % 2 == 0 ? 200 : 422, BodyOf(kForeign)).Text();
}

Reaction ReactionTo(Fault fault, int number) {
  Reaction own = Reaction::Json(BodyOf(number));
  switch (fault) {
    case Fault::kClose:
      return {.kind = Kind::kClose};
    case Fault::kReset:
      return {.kind = Kind::kReset};
    case Fault::kStall:
      return {.kind = Kind::kNothing};
    case Fault::kServerError: {
      constexpr int kStatuses[] = {500, 502, 503, 504};
      own.status = kStatuses[number % 4];
      break;
    }
    case Fault::kDeclined:
      own.status = number % 2 == 0 ? 409 : 429;
      own.headers.emplace_back("Retry-After", "0");
      break;
    case Fault::kEarlyDeclined:
      own.status = 422;
      own.end = number % 2 == 0 ? Reaction::End::kClose : Reaction::End::kReset;
      break;
    case Fault::kTruncated:
      own.end = Reaction::End::kClose;
      own.cut = static_cast<size_t>(number) % own.Text().size();
      break;
    case Fault::kForeignBehind:
      own.behind = ForeignResponse(number);
      break;
    case Fault::kForeignIdle:
      own.unasked = ForeignResponse(number);
      break;
    case Fault::kNone:
    case Fault::kCount:
      break;
  }
  return own;
}

// What the upstream recorded about one write.
struct Arrivals {
  int times = 0;     // requests received; of an early decline, only the head
  int executed = 0;  // of these, executed
  int declined = 0;  // of these, declined with a 4xx
};

// What the upstream recorded about all writes.
struct Knowledge {
  std::vector<Arrivals> arrivals;  // by the write's number
  std::array<int, static_cast<size_t>(Fault::kCount)> fired{};
};

class RandomWrites : public WireBench {
 protected:
  Operation Write(int number) const {
    const bool is_large = FaultOf(seed_, number, 0) == Fault::kEarlyDeclined;
    return is_large ? LargeWrite(kLargeBody, number) : SmallWrite(number);
  }

  Reaction React(const Received& request) {
    const int number = NumberOf(request.target);
    if (number < 0 || number >= kWrites) {
      ADD_FAILURE() << "no write of ours: " << request.target;
      return Reaction::Status(404);
    }
    return knowledge_.With([&](Knowledge& knowledge) {
      Arrivals& arrivals = knowledge.arrivals[number];
      Fault fault = FaultOf(seed_, number, arrivals.times++);
      if (fault == Fault::kEarlyDeclined) fault = Fault::kDeclined;  // the body has already arrived
      ++knowledge.fired[static_cast<size_t>(fault)];
      ++(fault == Fault::kDeclined ? arrivals.declined : arrivals.executed);
      return ReactionTo(fault, number);
    });
  }

  // The head of a large write has arrived; its body is never read.
  std::optional<Reaction> ReactToHead(const Received& head) {
    const int number = NumberOf(head.target);
    if (number < 0 || number >= kWrites) return std::nullopt;
    return knowledge_.With([&](Knowledge& knowledge) -> std::optional<Reaction> {
      Arrivals& arrivals = knowledge.arrivals[number];
      const Fault fault = FaultOf(seed_, number, arrivals.times);
      if (fault != Fault::kEarlyDeclined || arrivals.times > 0) return std::nullopt;
      ++arrivals.times;
      ++arrivals.declined;
      ++knowledge.fired[static_cast<size_t>(fault)];
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
    CheckWhose(running.number, seen, what);
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
    // The decline is certain only if the request's head arrived: the connection may have ended
    // before.
    if (FaultOf(seed_, running.number, 0) == Fault::kEarlyDeclined && arrivals.times > 0) {
      EXPECT_EQ(seen.outcome(), "refused") << what;
    }
  }

  // Checks that an answer with a body belongs to its write.
  void CheckWhose(int number, const Seen& seen, const std::string& what) {
    const std::string own = MarkerOf(number);
    const bool has_reply = seen.ok() && number % 3 == 0;
    if (has_reply) {
      EXPECT_TRUE(absl::StrContains(seen.reply, own)) << "a foreign answer to " << what;
    }
    if (seen.details.request) {
      EXPECT_EQ(seen.details.request->request_id(), own) << "a foreign answer to " << what;
    }
    markers_ += has_reply || seen.details.request ? 1 : 0;
  }

  void AwaitAll(std::deque<Running>& running) {
    for (const Running& last : running) Check(last);
    running.clear();
  }

  absl::Duration DeadlineOf(int number) const {
    return FaultOf(seed_, number, 0) == Fault::kStall ? kShortDeadline : kDeadline;
  }

  const uint64_t seed_ = Seed();
  http::Guarded<Knowledge> knowledge_;
  std::map<std::string, int> answers_;  // by outcome
  int markers_ = 0;                     // answers that carried a marker
};

TEST_P(RandomWrites, TenThousandWritesUnderRandomFaults) {
  Saw(absl::StrCat("FAULTS_SEED=", seed_));
  SCOPED_TRACE(absl::StrCat("FAULTS_SEED=", seed_));
  knowledge_.With([](Knowledge& knowledge) { knowledge.arrivals.resize(kWrites); });
  UpstreamOptions& options = upstream_config().options;
  options.deadline_margin = kMargin;
  options.retry_budget.floor = 10 * kWrites;
  options.limit = {.initial = 1000, .minimum = 1000};
  upstream_options().cuts_off = [this](const Received& head) { return ReactToHead(head); };
  Serve([this](const Received& request) { return React(request); });

  std::deque<Running> running;
  int spoken = 0;
  for (int number = 0; number < kWrites; ++number) {
    if (running.size() == kInFlight) {
      Check(running.front());
      running.pop_front();
    }
    running.push_back({number, Begin(Write(number), DeadlineOf(number))});
    if (number % kRound != kRound - 1) continue;
    AwaitAll(running);
    spoken += upstream().SpeakUnasked();
  }
  AwaitAll(running);
  const Knowledge known = knowledge_.Read([](const Knowledge& knowledge) { return knowledge; });
  for (const Arrivals& arrivals : known.arrivals) EXPECT_LE(arrivals.executed, 1);
  for (const auto& [outcome, count] : answers_) Saw(absl::StrCat(count, " ", outcome));
  Saw(absl::StrCat(upstream().faults(), " faults, ", spoken, " foreign responses while idle, ",
                   markers_, " answers with a marker"));
  // Every outcome and every fault occurred often enough.
  EXPECT_GT(answers_["ok"], kWrites / 20);
  EXPECT_GT(answers_["refused"], 0);
  EXPECT_GT(answers_["unknown"], kWrites / 20);
  EXPECT_GT(markers_, kWrites / 10);
  EXPECT_GT(spoken, kWrites / kRound / 4);
  for (size_t fault = 0; fault < known.fired.size(); ++fault) {
    EXPECT_GT(known.fired[fault], 0) << "fault " << fault << " never came";
  }
  ExpectMetric("gateway_upstream_outcome_unknown_total", {}, answers_["unknown"]);
}

INSTANTIATE_TEST_SUITE_P(, RandomWrites, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
