// An upstream that randomly adds to, cuts, delays and doubles its responses: every call gets its
// own reply, or it fails. Runs 10,000 calls over each wire (FAULTS_CALLS=N for another number;
// `make faults` makes 100,000). FAULTS_SEED=N replays a run with its printed seed.
//
// One case is excluded, because no HTTP/1.1 client can detect it: a response that arrives after the
// next request was sent looks like the answer to that request. So additional bytes arrive either in
// the same packet as the reply, or between two rounds of calls, while no call is in flight. They
// are then there before the transport takes the connection, and must never be taken for an answer.
// In some of the pauses the reactor is blocked, so that only the check before a request can detect
// the bytes.
#include <array>
#include <future>
#include <memory>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/faults/bench.h"
#include "tests/faults/seed.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::faults {
namespace {

using http::Awaited;
using http::ScriptedServer;
using http::Step;

constexpr int kCalls = 10'000;
constexpr int kTogether = 16;
constexpr int kConnections = 8;
// The reactor is blocked in one of this many pauses.
constexpr int kPausesPerHold = 16;
constexpr absl::Duration kDeadline = absl::Seconds(20);
// The deadline of a call that nothing else ends.
constexpr absl::Duration kShortDeadline = absl::Milliseconds(30);

enum class Fault {
  kNone,
  kSlices,           // in small parts, with pauses
  kDelay,            // after a delay
  kTooLate,          // after the call's deadline
  kCut,              // stops at any byte and closes the connection
  kCutAndSilent,     // stops at any byte; the connection stays open
  kDouble,           // sent twice in one packet
  kForeignBehind,    // another call's response follows in the same packet
  kBytesBehind,      // some bytes follow in the same packet
  kLongerThanSaid,   // the body is longer than its Content-Length
  kBodyOnNoContent,  // status 204 with a body
  kDoubleIdle,       // sent again while the connection is idle
  kForeignIdle,      // another call's response, while the connection is idle
  kBytesIdle,        // some bytes, while the connection is idle
  kCount,
};

constexpr bool NeedsDeadline(Fault fault) {
  return fault == Fault::kTooLate || fault == Fault::kCutAndSilent;
}

constexpr bool MayLoseBody(Fault fault) {
  return NeedsDeadline(fault) || fault == Fault::kCut || fault == Fault::kLongerThanSaid ||
         fault == Fault::kBodyOnNoContent;
}

struct Plan {
  Fault fault = Fault::kNone;
  std::string body;
  std::string reply;  // the bytes to send if there is no fault
  bool until_close = false;
};

std::string Chunked(absl::string_view body, Chance& chance) {
  std::string text;
  while (!body.empty()) {
    const absl::string_view chunk = body.substr(0, 1 + chance.Below(body.size()));
    absl::StrAppend(&text, absl::Hex(chunk.size()), ";of=\"a body\"\r\n", chunk, "\r\n");
    body.remove_prefix(chunk.size());
  }
  return text + "0\r\nTrailer: some\r\n\r\n";
}

// Makes the reply of a correct server to this call.
Plan GoodReply(int number, bool may_close, Chance& chance) {
  Plan plan;
  plan.body = absl::StrCat(number, ":", std::string(chance.Below(2000), 'b'));
  for (uint64_t hints = chance.Below(8); hints > 5; --hints) {
    absl::StrAppend(&plan.reply, "HTTP/1.1 103 Early Hints\r\nMarker: hint\r\n\r\n");
  }
  absl::StrAppend(&plan.reply, "HTTP/1.1 200 OK\r\nMarker: ", number, "\r\n");
  const uint64_t framing = chance.Below(10);
  if (framing < 3) {
    absl::StrAppend(&plan.reply, "Transfer-Encoding: chunked\r\n\r\n", Chunked(plan.body, chance));
  } else if (framing == 3 && may_close) {
    plan.until_close = true;
    absl::StrAppend(&plan.reply, "\r\n", plan.body);
  } else {
    absl::StrAppend(&plan.reply, "Content-Length: ", plan.body.size(), "\r\n\r\n", plan.body);
  }
  return plan;
}

// Calls in the second half of a round are more often the last on their connection.
bool IsLate(int number) { return number % kTogether >= kTogether / 2; }

Fault FaultOf(int number, Chance& chance) {
  constexpr Fault kIdle[] = {Fault::kDoubleIdle, Fault::kForeignIdle, Fault::kBytesIdle};
  if (IsLate(number) && chance.Below(4) == 0) return kIdle[chance.Below(std::size(kIdle))];
  if (chance.Below(100) < 70) return Fault::kNone;
  const auto fault = static_cast<Fault>(1 + chance.Below(static_cast<int>(Fault::kCount) - 1));
  const bool seldom = chance.Below(10) != 0;
  return NeedsDeadline(fault) && seldom ? Fault::kCut : fault;
}

Plan PlanOf(uint64_t seed, int number) {
  Chance chance(seed, static_cast<uint64_t>(number));
  const Fault fault = FaultOf(number, chance);
  // Bytes after a reply without a length would be part of the reply.
  Plan plan = GoodReply(number, fault <= Fault::kCut, chance);
  plan.fault = fault;
  return plan;
}

std::string SomeBytes(Chance& chance) {
  constexpr absl::string_view kSome[] = {
      "x", "\r\n", "HTTP/1.1 2", {"\0", 1}, "HTTP/1.1 100 Continue\r\n\r\n"};
  return std::string(kSome[chance.Below(std::size(kSome))]);
}

struct Knowledge {
  std::vector<int> arrivals;  // by the call's number
  std::array<int, static_cast<size_t>(Fault::kCount)> fired{};
};

class Desynchronisation : public testing::TestWithParam<Wire> {
 protected:
  Step React(const http::Received& request) {
    const std::string number_text = request.target.substr(request.target.rfind('/') + 1);
    const int number = std::atoi(number_text.c_str());
    const Plan plan = PlanOf(seed_, number);
    knowledge_.With([&](Knowledge& knowledge) {
      ++knowledge.arrivals[number];
      ++knowledge.fired[static_cast<size_t>(plan.fault)];
    });
    Step step = StepOf(plan, number);
    step.executes = false;  // a hundred thousand requests need not be kept
    return step;
  }

  Step StepOf(const Plan& plan, int number) const {
    Chance chance(~seed_, static_cast<uint64_t>(number));
    // The number of another call, which may be in the past, in flight or in the future.
    const int other = std::max(0, number - kTogether + static_cast<int>(chance.Below(32)));
    Step step = Step::Raw(plan.reply);
    if (plan.until_close) step.end = Step::End::kClose;
    switch (plan.fault) {
      case Fault::kNone:
      case Fault::kCount:
        break;
      case Fault::kSlices:
        step.slice = 1 + plan.reply.size() / (1 + chance.Below(5));
        break;
      case Fault::kDelay:
        absl::SleepFor(absl::Microseconds(chance.Below(3000)));
        break;
      case Fault::kTooLate:
        absl::SleepFor(kShortDeadline + absl::Microseconds(chance.Below(3000)));
        break;
      case Fault::kCut:
        step.output.resize(chance.Below(plan.reply.size()));
        step.end = chance.Below(2) == 0 ? Step::End::kClose : Step::End::kReset;
        break;
      case Fault::kCutAndSilent:
        step.output.resize(chance.Below(plan.reply.size()));
        break;
      case Fault::kDouble:
        step.output += plan.reply;
        break;
      case Fault::kForeignBehind:
        step.output += PlanOf(seed_, other).reply;
        break;
      case Fault::kBytesBehind:
        step.output += SomeBytes(chance);
        break;
      case Fault::kLongerThanSaid:
        step.output = absl::StrCat("HTTP/1.1 200 OK\r\nMarker: ", number,
                                   "\r\nContent-Length: ", chance.Below(plan.body.size()),
                                   "\r\n\r\n", plan.body);
        break;
      case Fault::kBodyOnNoContent:
        step.output = absl::StrCat("HTTP/1.1 204 No Content\r\nMarker: ", number, "\r\n\r\n",
                                   PlanOf(seed_, other).reply);
        break;
      case Fault::kDoubleIdle:
        step.unasked = plan.reply;
        break;
      case Fault::kForeignIdle:
        step.unasked = PlanOf(seed_, other).reply;
        break;
      case Fault::kBytesIdle:
        step.unasked = SomeBytes(chance);
        break;
    }
    return step;
  }

  struct Running {
    int number;
    Awaited call;
  };

  Running Begin(http::Transport& transport, const ScriptedServer& server, int number) const {
    const bool ends_at_deadline = NeedsDeadline(PlanOf(seed_, number).fault);
    http::Request request = number % 2 == 0
                                ? http::Get(server.Url(absl::StrCat("/echo/", number)))
                                : http::Post(server.Url(absl::StrCat("/echo/", number)), "{}");
    request.deadline = SteadyTime::Now() + (ends_at_deadline ? kShortDeadline : kDeadline);
    return {number, http::Start(transport, std::move(request))};
  }

  void Check(const Running& running) {
    const int number = running.number;
    const http::Result& result = running.call.Get();
    const int arrivals =
        knowledge_.Read([=](const Knowledge& knowledge) { return knowledge.arrivals[number]; });
    EXPECT_LE(arrivals, 1) << "call " << number << " was sent more than once";
    if (const auto* error = std::get_if<http::Error>(&result)) {
      ++(error->sent ? failed_ : not_sent_);
      if (!error->sent) {
        EXPECT_EQ(arrivals, 0) << "call " << number;
      }
      return;
    }
    const auto& response = std::get<http::Response>(result);
    EXPECT_EQ(response.Header("Marker"), absl::StrCat(number)) << "a foreign answer";
    // The body is complete or, with the faults of MayLoseBody, only the beginning of the body.
    const Plan plan = PlanOf(seed_, number);
    EXPECT_TRUE(absl::StartsWith(plan.body, response.body)) << "call " << number;
    EXPECT_TRUE(response.body == plan.body || MayLoseBody(plan.fault)) << "call " << number;
    EXPECT_EQ(arrivals, 1) << "call " << number;
    ++(response.body_state == http::Body::kWhole ? whole_ : lost_);
  }

  // While no call is in flight, the upstream sends the unrequested bytes.
  void Pause(ScriptedServer& server) { spoken_ += server.SpeakUnasked(); }

  // Like Pause, but with the reactor blocked: the bytes stay unseen until a call takes the
  // connection. Fulfil the returned promise to let the reactor continue.
  std::unique_ptr<std::promise<void>> PauseWithoutReactor(http::Transport& transport,
                                                          ScriptedServer& server) {
    auto release = std::make_unique<std::promise<void>>();
    std::promise<void> held;
    transport.Wait(SteadyTime::Now(),
                   [&held, released = release->get_future().share()](const http::Result&) {
                     held.set_value();
                     released.wait();
                   });
    held.get_future().wait();
    spoken_unseen_ += server.SpeakUnasked();
    return release;
  }

  const uint64_t seed_ = Seed();
  http::Guarded<Knowledge> knowledge_;
  int whole_ = 0;
  int lost_ = 0;  // replies with a head but an incomplete body
  int failed_ = 0;
  int not_sent_ = 0;
  int spoken_ = 0;
  int spoken_unseen_ = 0;  // while the reactor was blocked
};

TEST_P(Desynchronisation, EveryReplyIsTheCallsOwn) {
  const auto calls = static_cast<int>(NumberFromEnvironment("FAULTS_CALLS", kCalls));
  Saw(absl::StrCat("FAULTS_SEED=", seed_, " FAULTS_CALLS=", calls));
  SCOPED_TRACE(absl::StrCat("FAULTS_SEED=", seed_, " FAULTS_CALLS=", calls));
  knowledge_.With([=](Knowledge& knowledge) {
    knowledge.arrivals.resize(static_cast<size_t>(calls) + kTogether);
  });
  const http::TestCertificate certificate;
  http::Listen listen;
  if (GetParam() == Wire::kTls) listen.certificate = &certificate;
  ScriptedServer server({.on_request = [this](const http::Received& r) { return React(r); }},
                        listen);
  http::Options options;
  options.max_connections = kConnections;
  options.tls.authorities = certificate.authority();
  const auto transport = http::MakeTransport(server, options);

  std::unique_ptr<std::promise<void>> release;
  for (int first = 0, pause = 0; first < calls; first += kTogether, ++pause) {
    std::vector<Running> running;
    for (int i = 0; i < kTogether; ++i) running.push_back(Begin(*transport, server, first + i));
    if (release != nullptr) std::exchange(release, nullptr)->set_value();
    for (const Running& call : running) Check(call);
    if (pause % kPausesPerHold == 0) {
      release = PauseWithoutReactor(*transport, server);
    } else {
      Pause(server);
    }
  }
  if (release != nullptr) release->set_value();

  const Knowledge known = knowledge_.Read([](const Knowledge& knowledge) { return knowledge; });
  int faults = 0;
  for (size_t fault = 1; fault < known.fired.size(); ++fault) {
    EXPECT_GT(known.fired[fault], 0) << "fault " << fault << " never came";
    faults += known.fired[fault];
  }
  const int spoken = spoken_ + spoken_unseen_;
  Saw(absl::StrCat(whole_, " answered, ", lost_, " without a body, ", failed_, " failed, ",
                   not_sent_, " not sent; ", faults, " faults, ", spoken_, " and ", spoken_unseen_,
                   " responses on idle connections, seen by the reactor or not; ",
                   server.connections(), " connections"));
  EXPECT_GT(whole_, calls / 2);
  EXPECT_GT(failed_, 0);
  EXPECT_GT(spoken_unseen_, 0);
  // All unrequested bytes were detected, and each time the connection was ended.
  EXPECT_TRUE(Comes([&] { return transport->Snapshot().connections_ended_idle >= spoken; }));
  EXPECT_EQ(transport->Snapshot().connections_ended_idle, spoken);
}

INSTANTIATE_TEST_SUITE_P(, Desynchronisation, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
