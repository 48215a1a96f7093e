// Connections that end or stall after the request, or a part of it, was sent.
#include "tests/faults/bench.h"

namespace gateway::faults {
namespace {

using absl::StatusCode;
using Kind = Reaction::Kind;

class ConnectionFaults : public WireBench {
 protected:
  // Answers the first request and applies the reaction to all later ones. These arrive on a
  // connection that was used before.
  void ServeAfterFirst(const Reaction& reaction) {
    const auto requests = std::make_shared<std::atomic<int>>(0);
    Serve([=](const Received&) {
      return (*requests)++ == 0 ? Reaction::Json(R"({"id": "1"})") : reaction;
    });
    ExpectOk(Call(Read()));
  }

  // Applies the fault to the first request and answers all others.
  void ServeFaultOnce(const Reaction& reaction) {
    const auto requests = std::make_shared<std::atomic<int>>(0);
    Serve([=](const Received&) {
      return (*requests)++ == 0 ? reaction : Reaction::Json(R"({"id": "1"})");
    });
  }

  // `result` is the result of the first attempt: after a complete head, it is the reply's status.
  void ExpectReadIsRepeated(const Reaction& reaction, const std::string& result) {
    ServeFaultOnce(reaction);
    const Seen seen = Call(Read());
    ExpectOk(seen);
    EXPECT_EQ(seen.attempts, 2);
    ExpectExecutions(2);
    ExpectFaults(1);
    std::map<std::string, int> attempts = {{"2xx", 1}};
    ++attempts[result];
    ExpectAttempts("read", attempts);
    ExpectMetric("gateway_upstream_retries_total", {}, 1);
  }

  void ExpectWriteIsUnknown(const Reaction& reaction, const Operation& write,
                            const std::string& result) {
    ServeFaultOnce(reaction);
    const Seen seen = Call(write);
    ExpectUnknown(seen);
    EXPECT_EQ(seen.attempts, 1);
    ExpectExecutions(1);
    ExpectFaults(1);
    ExpectAttempts("write", {{result, 1}});
    ExpectMetric("gateway_upstream_retries_total", {}, 0);
    ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 1);
  }
};

TEST_P(ConnectionFaults, Case8CloseOnAReusedConnection) {
  for (const Kind kind : {Kind::kClose, Kind::kReset}) {
    // The read: the connection of the second request ends, and the third request is answered.
    const auto requests = std::make_shared<std::atomic<int>>(0);
    Serve([=](const Received&) {
      return (*requests)++ == 1 ? Reaction{.kind = kind} : Reaction::Json(R"({"id": "1"})");
    });
    ExpectOk(Call(Read()));
    const Seen read = Call(Read());
    ExpectOk(read);
    EXPECT_EQ(read.attempts, 2);
    ExpectExecutions(3);
    ExpectFaults(1);
    EXPECT_EQ(upstream().received()[1].connection, 0) << "the connection was not a used one";
    ExpectAttempts("read", {{"2xx", 2}, {"broken", 1}});

    ServeAfterFirst({.kind = kind});
    const Seen write = Call(Refund());
    ExpectUnknown(write);
    EXPECT_EQ(write.attempts, 1);
    ExpectExecutions(2);
    ExpectFaults(1);
    EXPECT_EQ(upstream().received()[1].connection, 0) << "the connection was not a used one";
    ExpectAttempts("write", {{"broken", 1}});
    ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 1);
  }
}

TEST_P(ConnectionFaults, Case9CloseOnAReusedConnectionUnderAWriteWithoutABody) {
  for (const Kind kind : {Kind::kClose, Kind::kReset}) {
    for (const Operation& write : {Delete(), CancelSubscription()}) {
      ServeAfterFirst({.kind = kind});
      const Seen seen = Call(write);
      ExpectUnknown(seen);
      EXPECT_EQ(seen.attempts, 1);
      ExpectExecutions(2);
      ExpectFaults(1);
      EXPECT_EQ(upstream().received()[1].connection, 0) << "the connection was not a used one";
      ExpectAttempts("write", {{"broken", 1}});
      ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 1);
    }
  }
}

TEST_P(ConnectionFaults, Case10ResetWithinTheRequestBody) {
  upstream_options().cuts_off = [](const Received& head) -> std::optional<Reaction> {
    if (head.method != "POST") return std::nullopt;
    return Reaction{.kind = Kind::kReset};
  };
  Serve([](const Received&) { return Reaction::Json(R"({"id": "1"})"); });
  ExpectOk(Call(Read()));
  const Seen seen = Call(LargeWrite(size_t{3} * 1024 * 1024));
  ExpectUnknown(seen);
  EXPECT_EQ(seen.attempts, 1);
  // One request was begun; none was complete.
  EXPECT_EQ(upstream().cut_off(), 1);
  ExpectExecutions(1);
  ExpectAttempts("write", {{"broken", 1}});
  ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 1);
}

TEST_P(ConnectionFaults, Case11ResetWithinTheReply) {
  Reaction reset = Reaction::Json(R"({"id": "411486)");
  reset.announced = 1000;
  reset.end = Reaction::End::kReset;
  ExpectReadIsRepeated(reset, "2xx");
  for (const Operation& write : {Refund(), Delete()}) ExpectWriteIsUnknown(reset, write, "2xx");
  // The connection is reset within the head, however much of the head had arrived.
  const std::string text = reset.Text();
  for (const size_t cut : {size_t{1}, text.find(' '), text.find("\r\n\r\n") + 3}) {
    reset.cut = cut;
    ExpectReadIsRepeated(reset, "broken");
    for (const Operation& write : {Refund(), Delete()}) {
      ExpectWriteIsUnknown(reset, write, "broken");
    }
  }
}

TEST_P(ConnectionFaults, Case12BodyShorterThanAnnounced) {
  Reaction reply = Reaction::Json(R"({"id": "411486)");
  reply.announced = 1000;
  reply.end = Reaction::End::kClose;
  ExpectReadIsRepeated(reply, "2xx");
  for (const Operation& write : {Refund(), Delete()}) ExpectWriteIsUnknown(reply, write, "2xx");
}

TEST_P(ConnectionFaults, Case13HeadersNeverCome) {
  config().default_deadline = absl::Milliseconds(400);
  for (const Operation& operation : {Read(), Refund(), Delete()}) {
    Serve([](const Received&) { return Reaction{.kind = Kind::kNothing}; });
    const Seen seen = Call(operation, kGatewaysDeadline);
    ExpectSeen(seen, StatusCode::kDeadlineExceeded, "unknown", "DEADLINE_EXCEEDED");
    EXPECT_GE(seen.took, absl::Milliseconds(300));
    EXPECT_LT(seen.took, kPatience);
    EXPECT_TRUE(upstream().WaitForLetGo(1));
    ExpectExecutions(1);
    ExpectFaults(1);
    ExpectAttempts(operation.kind, {{"deadline", 1}});
    ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 1);
  }
}

TEST_P(ConnectionFaults, Case14OneByteASecond) {
  config().default_deadline = absl::Milliseconds(400);
  Reaction slow = Reaction::Json(R"({"id": "411486491630370850"})");
  slow.slice = 1;
  slow.pause = absl::Seconds(1);
  for (const Operation& operation : {Read(), Refund(), Delete()}) {
    Serve([=](const Received&) { return slow; });
    const Seen seen = Call(operation, kGatewaysDeadline);
    ExpectSeen(seen, StatusCode::kDeadlineExceeded, "unknown", "DEADLINE_EXCEEDED");
    ExpectExecutions(1);
    ExpectFaults(1);
    ExpectAttempts(operation.kind, {{"deadline", 1}});
  }
}

TEST_P(ConnectionFaults, Case15ReplyInSlicesOfOneByte) {
  Reaction slices = Reaction::Json(R"({"id": "411486491630370850"})");
  slices.slice = 1;
  Serve([=](const Received&) { return slices; });
  for (const Operation& operation : {Read(), Refund(), Delete()}) {
    const Seen seen = Call(operation);
    ExpectOk(seen);
    EXPECT_EQ(seen.attempts, 1);
  }
  ExpectExecutions(3);
  ExpectFaults(3);
  ExpectAttempts("read", {{"2xx", 1}});
  ExpectAttempts("write", {{"2xx", 2}});
}

INSTANTIATE_TEST_SUITE_P(, ConnectionFaults, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
