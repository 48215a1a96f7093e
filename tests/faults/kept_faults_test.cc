// Bytes on a kept connection that are no answer, replies that arrive before a request is completely
// sent, and replies of which only the head arrives.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/faults/bench.h"

namespace gateway::faults {
namespace {

using absl::StatusCode;
using Kind = Reaction::Kind;
using End = Reaction::End;

constexpr int kForeign = 77'777;

// Returns the number in the request's target, which identifies the operation.
std::string MarkerOf(const Received& request) {
  const size_t begin = request.target.find("/5000000");
  if (begin == std::string::npos) return "";
  return request.target.substr(begin + 1, 18);
}

Reaction Own(const Received& request) {
  return Reaction::Json(absl::StrCat(R"({"id": ")", MarkerOf(request), R"("})"));
}

class KeptFaults : public WireBench {
 protected:
  // Expects that the answer belongs to this request, as far as its content shows it.
  static void ExpectOwn(const Seen& seen, const Operation& operation, int id) {
    ExpectOk(seen);
    EXPECT_EQ(seen.attempts, 1);
    EXPECT_FALSE(absl::StrContains(seen.reply, absl::StrCat(kForeign))) << "a foreign answer";
    const bool is_empty = operation.rpc.find("Delete") != std::string::npos;
    EXPECT_EQ(absl::StrContains(seen.reply, absl::StrCat(500000000000000000 + id)), !is_empty);
  }
};

const std::vector<std::string>& ForeignResponses() {
  static const auto* const all = new std::vector<std::string>{
      Reaction::Json(absl::StrCat(R"({"id": "5000000000000)", kForeign, R"("})")).Text(),
      Reaction::Status(422, R"({"code": "foreign"})").Text(),
      Reaction::Status(408, "").With("Connection", "close").Text(),
      "HTTP/1.1 100 Continue\r\n\r\n",
      "\r\n",
  };
  return *all;
}

TEST_P(KeptFaults, Case16AResponseBehindTheReplyIsNobodysAnswer) {
  for (const std::string& foreign : ForeignResponses()) {
    SCOPED_TRACE(foreign);
    for (const Operation& operation : {Read(2), Refund(2), Delete(2)}) {
      const auto requests = std::make_shared<std::atomic<int>>(0);
      Serve([=](const Received& request) {
        Reaction reaction = Own(request);
        if ((*requests)++ == 0) reaction.behind = foreign;
        return reaction;
      });
      ExpectOwn(Call(Refund(1)), Refund(1), 1);
      ExpectOwn(Call(operation), operation, 2);
      ExpectExecutions(2);
      ExpectFaults(1);
      EXPECT_EQ(upstream().connections(), 2) << "the connection was used again";
      ExpectMetric("gateway_pool_connections_created_total", {}, 2);
      ExpectMetric("gateway_pool_connections_reused_total", {}, 0);
      ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 0);
    }
  }
}

TEST_P(KeptFaults, Case16AResponseOnAnIdleConnectionIsNobodysAnswer) {
  for (const std::string& foreign : ForeignResponses()) {
    SCOPED_TRACE(foreign);
    for (const Operation& operation : {Read(2), Refund(2), Delete(2)}) {
      const auto requests = std::make_shared<std::atomic<int>>(0);
      Serve([=](const Received& request) {
        Reaction reaction = Own(request);
        if ((*requests)++ == 0) reaction.unasked = foreign;
        return reaction;
      });
      ExpectOwn(Call(Refund(1)), Refund(1), 1);
      ASSERT_TRUE(Comes([this] { return upstream().SpeakUnasked() == 1; }));
      ExpectOwn(Call(operation), operation, 2);
      ExpectExecutions(2);
      ExpectFaults(1);
      EXPECT_EQ(upstream().connections(), 2) << "the connection was used again";
      ExpectMetric("gateway_pool_connections_ended_idle_total", {}, 1);
      ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 0);
    }
  }
}

TEST_P(KeptFaults, Case16TheEndOfAnIdleConnectionCostsNoCall) {
  for (const End end : {End::kClose, End::kReset}) {
    for (const Operation& operation : {Read(2), Refund(2), Delete(2)}) {
      const auto requests = std::make_shared<std::atomic<int>>(0);
      Serve([=](const Received& request) {
        Reaction reaction = Own(request);
        if ((*requests)++ == 0) reaction.end = end;
        return reaction;
      });
      ExpectOwn(Call(Refund(1)), Refund(1), 1);
      ASSERT_TRUE(upstream().WaitForAllClosed());
      ExpectOwn(Call(operation), operation, 2);
      ExpectExecutions(2);
      ExpectFaults(1);
      ExpectMetric("gateway_pool_connections_ended_idle_total", {}, 1);
      ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 0);
    }
  }
}

TEST_P(KeptFaults, Case17AFinalAnswerWhileTheRequestIsBeingSent) {
  const struct {
    int status;
    StatusCode code;
    std::string outcome;
    std::string result;
  } answers[] = {
      {413, StatusCode::kResourceExhausted, "refused", "4xx"},
      {422, StatusCode::kInvalidArgument, "refused", "4xx"},
      {429, StatusCode::kResourceExhausted, "refused", "4xx"},
      {201, StatusCode::kOk, "", "2xx"},
  };
  for (const auto& answer : answers) {
    for (const End end : {End::kClose, End::kReset}) {
      SCOPED_TRACE(absl::StrCat(answer.status, end == End::kClose ? ", close" : ", reset"));
      upstream_options().cuts_off = [=](const Received& head) -> std::optional<Reaction> {
        if (head.method != "POST") return std::nullopt;
        Reaction reaction = Reaction::Status(answer.status, R"({"id": "500000000000000001"})");
        reaction.end = end;
        return reaction;
      };
      Serve(Own);
      const Seen seen = Call(LargeWrite(size_t{3} * 1024 * 1024, 1));
      ExpectSeen(seen, answer.code, answer.outcome);
      EXPECT_EQ(seen.attempts, 1);
      EXPECT_EQ(seen.ok(), absl::StrContains(seen.reply, "500000000000000001"));
      EXPECT_EQ(upstream().cut_off(), 1);
      ExpectFaults(1);
      ExpectAttempts("write", {{answer.result, 1}});
      ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 0);
      // A connection with an incompletely sent request cannot be used again. If the kernels took
      // the whole request, the connection was closed.
      ASSERT_TRUE(upstream().WaitForAllClosed());
      ExpectOwn(Call(Read(2)), Read(2), 2);
      ExpectExecutions(1);
      EXPECT_EQ(upstream().connections(), 2);
    }
  }
}

TEST_P(KeptFaults, Case18AKeptConnectionGoesSilent) {
  constexpr int kSiblings = 5;
  constexpr absl::Duration kDeadline = absl::Seconds(1);
  config().default_deadline = kDeadline;
  for (const Operation& operation : {Refund(), Delete(), Read()}) {
    // The first connections answer once and then stay silent; later connections answer.
    const auto requests = std::make_shared<std::atomic<int>>(0);
    Serve([=](const Received& request) {
      if ((*requests)++ < kSiblings) return Reaction{.kind = Kind::kNothing};
      if (request.connection < kSiblings) return Reaction{.kind = Kind::kSilent};
      return Own(request);
    });
    std::vector<std::unique_ptr<Front::Pending>> calls;
    for (int i = 0; i < kSiblings; ++i) calls.push_back(Begin(Read(i)));
    ASSERT_TRUE(upstream().WaitForExecutions(kSiblings));
    upstream().Release();
    for (const auto& call : calls) ExpectOk(Await(*call));
    ASSERT_EQ(upstream().connections(), kSiblings);

    const SteadyTime lost = SteadyTime::Now();
    const Seen silent = Call(operation, kGatewaysDeadline);
    ExpectSeen(silent, StatusCode::kDeadlineExceeded, "unknown", "DEADLINE_EXCEEDED");
    EXPECT_EQ(silent.attempts, 1);
    const Seen next = Call(operation);
    const absl::Duration took = SteadyTime::Now() - lost;
    ExpectOk(next);
    EXPECT_EQ(next.attempts, 1);
    EXPECT_LT(took, 2 * kDeadline);
    Saw(absl::StrCat("a live server after ", absl::FormatDuration(took)));
    ExpectExecutions(kSiblings + 2);
    ExpectFaults(kSiblings + 1);
    EXPECT_EQ(upstream().connections(), kSiblings + 1);
    ExpectMetric("gateway_pool_silences_total", {}, 1);
    ExpectMetric("gateway_pool_connections_closed_for_silence_total", {}, kSiblings - 1);
    ExpectMetric("gateway_pool_connections", {}, 1);
    ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 1);
  }
}

// The ways to lose a body after a complete head.
struct Loss {
  std::string name;
  bool cut_short;  // if so, a read is retried
  void (*lose)(Reaction& reaction);
};

void CutShort(Reaction& reaction, End end) {
  reaction.announced = 1000;
  reaction.end = end;
}

const Loss kLosses[] = {
    {"closed", true, [](Reaction& reaction) { CutShort(reaction, End::kClose); }},
    {"reset", true, [](Reaction& reaction) { CutShort(reaction, End::kReset); }},
    {"mislabelled", false,
     [](Reaction& reaction) { reaction.headers.emplace_back("Content-Encoding", "utf-8"); }},
    {"no gzip", false,
     [](Reaction& reaction) { reaction.headers.emplace_back("Content-Encoding", "gzip"); }},
    {"gzip that ends early", false,
     [](Reaction& reaction) {
       reaction.body = std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\xab", 11);
       reaction.headers.emplace_back("Content-Encoding", "gzip");
     }},
};

Reaction Lost(const Loss& loss, int status) {
  Reaction reaction = Reaction::Status(status, R"({"code": "some")");
  loss.lose(reaction);
  return reaction;
}

TEST_P(KeptFaults, Case19TheStatusDecidesWhereTheBodyIsLost) {
  for (const Loss& loss : kLosses) {
    SCOPED_TRACE(loss.name);
    ExpectOnce(Lost(loss, 422), {Read(), Refund(), Delete()}, "4xx",
               {StatusCode::kInvalidArgument, "refused"});
    ExpectOnce(Lost(loss, 404), {Read(), Refund()}, "4xx", {StatusCode::kNotFound, "refused"});
    ExpectOnce(Lost(loss, 200), {Refund(), Delete()}, "2xx", {StatusCode::kUnknown, "unknown"});
    if (!loss.cut_short) {
      ExpectOnce(Lost(loss, 200), {Read()}, "2xx", {StatusCode::kInternal, "unknown"});
      continue;
    }
    Serve([&](const Received&) { return Lost(loss, 200); });
    const Seen seen = Call(Read());
    ExpectSeen(seen, StatusCode::kInternal, "unknown", "UPSTREAM_CONNECTION_BROKEN");
    EXPECT_EQ(seen.attempts, 3);
    ExpectExecutions(3);
    ExpectFaults(3);
    ExpectAttempts("read", {{"2xx", 3}});
  }
}

TEST_P(KeptFaults, Case19AStatus401WhoseBodyIsLostRenewsTheKey) {
  for (const Loss& loss : kLosses) {
    SCOPED_TRACE(loss.name);
    for (const Operation& operation : {Read(), Refund(), Delete()}) {
      WriteKey("key-before");
      Serve([&](const Received& request) {
        return request.Header("authorization") == "APIKey key-after" ? Own(request)
                                                                     : Lost(loss, 401);
      });
      WriteKey("key-after");
      const Seen seen = Call(operation);
      ExpectOk(seen);
      ExpectFaults(seen.attempts - 1);
      ExpectExecutions(seen.attempts);
      // If the gateway watches files, it may have read the new key already.
      if (seen.attempts == 1) continue;
      EXPECT_EQ(seen.attempts, 2);
      ExpectMetric("gateway_upstream_keys_renewed_total", {}, 1);
    }
  }
}

TEST_P(KeptFaults, Case19ALostBodyIsNoMarkAgainstThePeer) {
  constexpr int kCalls = 20;
  upstream_config().options.breaker = {.min_calls = 5, .open_time = absl::Seconds(10), .probes = 1};
  for (const Loss& loss : kLosses) {
    for (const int status : {200, 404, 422}) {
      SCOPED_TRACE(absl::StrCat(status, ", ", loss.name));
      Serve([&, status](const Received&) { return Lost(loss, status); });
      for (int i = 0; i < kCalls; ++i) {
        EXPECT_NE(Call(Refund(i)).reason(), "CIRCUIT_OPEN");
      }
      ExpectExecutions(kCalls);
      ExpectFaults(kCalls);
      ExpectMetric("gateway_upstream_breaker_openings_total", {}, 0);
      ExpectMetric("gateway_upstream_breaker_state", {{"kind", "write"}}, 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, KeptFaults, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
