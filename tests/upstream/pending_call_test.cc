// What happens between the attempts of a call: when it is retried, and when not.
#include "upstream/pending_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/upstream/client_fixture.h"

namespace gateway {
namespace {

using Kind = http::Error::Kind;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kOrder[] = R"({"store_id": "12", "order_id": "34"})";
constexpr char kRefundOf34[] = R"({"store_id": "12", "order_id": "34", "body": {}})";

http::Error Lost(Kind kind, bool sent) { return {.kind = kind, .sent = sent, .message = "lost"}; }

class PendingCallTest : public ClientTest {
 protected:
  void Answer(size_t attempt, http::Result result) {
    transport_->waiting.at(attempt)(std::move(result));
  }
  // Ends the wait before the next attempt.
  void Elapse(size_t wait) { transport_->waits.at(wait)(Lost(Kind::kDeadline, false)); }

  const UpstreamCounters& counters() { return client_->upstream().counters; }
};

TEST_F(PendingCallTest, RepeatsAReadThatWasLost) {
  Create();
  const Called& call = Call(kGetOrder, kOrder);
  Answer(0, Lost(Kind::kBroken, true));
  EXPECT_EQ(call.times, 0);
  Elapse(0);
  Answer(1, Response(200, R"({"id": "1"})"));
  ASSERT_EQ(call.times, 1);
  EXPECT_TRUE(std::holds_alternative<mapping::Reply>(*call.result));
  EXPECT_EQ(call.attempts, 2);
  EXPECT_EQ(counters().retries, 1u);
  EXPECT_EQ(transport_->sent[0].url, transport_->sent[1].url);
  EXPECT_EQ(transport_->sent[0].headers, transport_->sent[1].headers);
}

class Watcher final : public AttemptObserver {
 public:
  void OnAttempt(http::HeaderLines& headers) override { headers.Add("attempt: ", ++attempts); }
  void OnResult(const http::Result& result) override { results.push_back(AttemptResultOf(result)); }

  int attempts = 0;
  std::vector<size_t> results;
};

TEST_F(PendingCallTest, ShowsEachAttemptToItsObserver) {
  Create();
  Watcher watcher;
  bool done = false;
  client_->Call(
      RouteOf(kGetOrder), Message(kGetOrder, kOrder),
      {.deadline = SteadyTime::InfiniteFuture(), .credentials = credentials_, .observer = &watcher},
      [&](const gateway::Answer&) { done = true; });
  Answer(0, Lost(Kind::kConnect, false));
  EXPECT_EQ(watcher.attempts, 1);
  Elapse(0);
  Answer(1, Response(404, "{}"));
  EXPECT_TRUE(done);
  EXPECT_EQ(watcher.attempts, 2);
  EXPECT_THAT(watcher.results, ElementsAre(AttemptResultOf(Lost(Kind::kConnect, false)),
                                           AttemptResultOf(Response(404, "{}"))));
  for (size_t i = 0; i < 2; ++i) {
    const auto& headers = transport_->sent[i].headers;
    const std::string line = absl::StrCat("attempt: ", i + 1);
    EXPECT_THAT(headers, Contains(absl::string_view(line)));
    EXPECT_EQ(headers.size(), transport_->sent[0].headers.size());
  }
}

TEST_F(PendingCallTest, GoesOutWithTheCallersKeyWhereThatIsAccepted) {
  Create({.base_url = "https://api.example", .accept_caller_keys = true});
  const Called& call = Call(kRefund, kRefundOf34,
                            {.deadline = SteadyTime::InfiniteFuture(), .caller_key = "callers"});
  EXPECT_THAT(transport_->sent[0].headers, Contains("Authorization: APIKey callers"));
  // The gateway's files hold no newer key for it.
  Answer(0, Response(401, R"({"message": "callers is no key of ours"})"));
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(transport_->sent.size(), 1u);
  EXPECT_EQ(call.failure().code, absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(call.failure().message, Not(HasSubstr("callers")));
}

TEST_F(PendingCallTest, RefusesACallersKeyThatItMayNotOrCannotSend) {
  Create();
  const SteadyTime never = SteadyTime::InfiniteFuture();
  EXPECT_EQ(Call(kRefund, kRefundOf34, {.deadline = never, .caller_key = "callers"}).failure().code,
            absl::StatusCode::kPermissionDenied);
  Create({.base_url = "https://api.example", .accept_caller_keys = true});
  for (const std::string& key : {std::string(), std::string("two words"), std::string("a\r\nb: c"),
                                 std::string(5000, 'x')}) {
    const Called& call = Call(kRefund, kRefundOf34, {.deadline = never, .caller_key = key});
    EXPECT_EQ(call.failure().code, absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(call.failure().reason, "CALLER_KEY_INVALID");
    EXPECT_EQ(call.failure().outcome, Outcome::kNotSent);
  }
  EXPECT_THAT(transport_->sent, IsEmpty());
}

TEST_F(PendingCallTest, NeverRepeatsAWriteThatMayHaveHappened) {
  for (const Kind kind : {Kind::kBroken, Kind::kConnect, Kind::kTooLarge, Kind::kDeadline}) {
    Create();
    const Called& call = Call(kRefund, kRefundOf34);
    Answer(0, Lost(kind, true));
    ASSERT_EQ(call.times, 1);
    EXPECT_EQ(call.failure().outcome, Outcome::kUnknown);
    EXPECT_THAT(transport_->waits, IsEmpty());
  }
  for (const int status : {500, 502, 503, 504, 429, 303}) {
    Create();
    const Called& call = Call(kRefund, kRefundOf34);
    Answer(0, Response(status, ""));
    EXPECT_EQ(call.times, 1) << status;
    EXPECT_THAT(transport_->waits, IsEmpty());
  }
}

TEST_F(PendingCallTest, RepeatsAWriteThatNeverLeft) {
  Create();
  const Called& call = Call(kRefund, kRefundOf34);
  Answer(0, Lost(Kind::kConnect, false));
  Elapse(0);
  ASSERT_EQ(transport_->sent.size(), 2u);
  EXPECT_EQ(transport_->sent[1].body, "{}");
  Answer(1, Lost(Kind::kBroken, true));
  ASSERT_EQ(call.times, 1);  // this request was sent
  EXPECT_EQ(call.failure().outcome, Outcome::kUnknown);
  EXPECT_EQ(call.attempts, 2);
}

TEST_F(PendingCallTest, GivesUpAfterItsAttempts) {
  Create();
  const Called& call = Call(kGetOrder, kOrder);
  for (size_t attempt = 0; attempt < 3; ++attempt) {
    Answer(attempt, Response(503, ""));
    if (attempt < 2) Elapse(attempt);
  }
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(call.failure().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(call.attempts, 3);
}

// An attempt that was sent may have been executed, whatever became of the attempts after it.
TEST_F(PendingCallTest, AnAttemptThatWasNotSentDoesNotUndoOneThatWas) {
  Create();
  const Called& call = Call(kGetOrder, kOrder);
  Answer(0, Lost(Kind::kBroken, true));
  Elapse(0);
  Answer(1, Lost(Kind::kConnect, false));
  Elapse(1);
  Answer(2, Lost(Kind::kConnect, false));
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(call.attempts, 3);
  EXPECT_EQ(call.failure().reason, "UPSTREAM_NOT_CONNECTED");
  EXPECT_EQ(call.failure().outcome, Outcome::kUnknown);
}

// As above, where the wait for the next attempt is cut short.
TEST_F(PendingCallTest, ACancelledWaitDoesNotUndoAnAttemptThatWasSent) {
  Create();
  const Called& call = Call(kGetOrder, kOrder);
  Answer(0, Lost(Kind::kBroken, true));
  Elapse(0);
  Answer(1, Lost(Kind::kConnect, false));
  last_.Cancel();
  transport_->waits.at(1)(Lost(Kind::kCancelled, false));
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(call.failure().outcome, Outcome::kUnknown);
}

TEST_F(PendingCallTest, DoesNotRepeatWhatFailsTheSameWayAgain) {
  for (const Kind kind : {Kind::kTls, Kind::kOverloaded, Kind::kShutdown, Kind::kInvalid}) {
    Create();
    EXPECT_EQ(Call(kGetOrder, kOrder).times, 0);
    Answer(0, Lost(kind, false));
    EXPECT_EQ(calls_.back()->times, 1);
    EXPECT_THAT(transport_->waits, IsEmpty());
  }
}

TEST_F(PendingCallTest, StaysWithinTheRetryBudget) {
  Client::Options options = {.base_url = "https://api.example"};
  options.retry_budget = {.share = 0, .floor = 1};
  Create(options);
  Call(kGetOrder, kOrder);
  Answer(0, Lost(Kind::kBroken, true));
  EXPECT_EQ(calls_.back()->times, 0);
  const Called& second = Call(kGetOrder, kOrder);
  Answer(1, Lost(Kind::kBroken, true));
  EXPECT_EQ(second.times, 1);
  EXPECT_EQ(counters().retries_over_budget, 1u);
}

TEST_F(PendingCallTest, IsCancelledInAnyAttemptAndInBetween) {
  Create();
  const Called& call = Call(kGetOrder, kOrder);
  Answer(0, Lost(Kind::kBroken, true));
  last_.Cancel();
  EXPECT_THAT(transport_->cancelled, ElementsAre(1001u));  // the wait
  transport_->waits.at(0)(Lost(Kind::kCancelled, false));
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(call.failure().code, absl::StatusCode::kUnavailable);  // the result of the attempt

  Call(kGetOrder, kOrder);
  Answer(1, Lost(Kind::kBroken, true));
  Elapse(1);
  last_.Cancel();
  EXPECT_THAT(transport_->cancelled, ElementsAre(1001u, 103u));
}

// Keeps each renewal until the test answers it.
class FakeRenewal final : public KeyRenewal {
 public:
  void Renew(const Upstream&, std::shared_ptr<const Credentials>, Done done) override {
    questions.push_back(std::move(done));
  }
  void Answer(size_t question, const std::string& key) {
    questions[question](
        std::make_shared<const Credentials>(key, absl::flat_hash_map<std::string, std::string>()));
  }

  std::vector<Done> questions;
};

TEST_F(PendingCallTest, TakesARenewedKeyOnce) {
  FakeRenewal renewal;
  Create({.base_url = "https://api.example"}, Credentials("old", {}), &renewal);
  const Called& call = Call(kRefund, kRefundOf34);
  EXPECT_THAT(transport_->sent[0].headers, Contains("Authorization: APIKey old"));
  Answer(0, Response(401, ""));
  ASSERT_EQ(renewal.questions.size(), 1u);
  ASSERT_EQ(transport_->waits.size(), 1u);
  EXPECT_EQ(transport_->sent.size(), 1u);
  renewal.Answer(0, "new");  // may come on any thread; the call continues on the transport's thread
  EXPECT_THAT(transport_->cancelled, ElementsAre(1001u));
  transport_->waits[0](http::Error{.kind = Kind::kCancelled, .message = ""});
  ASSERT_EQ(transport_->sent.size(), 2u);
  EXPECT_THAT(transport_->sent[1].headers, Contains("Authorization: APIKey new"));
  Answer(1, Response(401, ""));
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(call.failure().code, absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(renewal.questions.size(), 1u);
}

TEST_F(PendingCallTest, AfterARefusedKeyACallCountsAsSent) {
  FakeRenewal renewal;
  Create({.base_url = "https://api.example"}, Credentials("old", {}), &renewal);
  const Called& call = Call(kRefund, kRefundOf34);
  Answer(0, Response(401, ""));
  renewal.Answer(0, "new");
  transport_->waits[0](http::Error{.kind = Kind::kCancelled, .message = ""});
  Answer(1, Lost(Kind::kOverloaded, false));
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(call.failure().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(call.failure().reason, "OVERLOADED");
  EXPECT_EQ(call.failure().outcome, Outcome::kRefused);
}

TEST_F(PendingCallTest, FailsWithTheRefusalWhereNoKeyIsNewer) {
  FakeRenewal renewal;
  Create({.base_url = "https://api.example"}, Credentials("old", {}), &renewal);
  Call(kRefund, kRefundOf34);
  Answer(0, Response(401, ""));
  renewal.Answer(0, "old");
  transport_->waits[0](http::Error{.kind = Kind::kCancelled, .message = ""});
  EXPECT_EQ(calls_.back()->failure().code, absl::StatusCode::kUnauthenticated);

  Call(kRefund, kRefundOf34);  // the renewal does not answer in time
  Answer(1, Response(401, ""));
  transport_->waits[1](http::Error{.kind = Kind::kDeadline, .message = ""});
  EXPECT_EQ(calls_.back()->failure().code, absl::StatusCode::kUnauthenticated);

  Call(kRefund, kRefundOf34);  // cancelled while it waits
  Answer(2, Response(401, ""));
  last_.Cancel();
  renewal.Answer(2, "new");
  transport_->waits[2](http::Error{.kind = Kind::kCancelled, .message = ""});
  EXPECT_EQ(calls_.back()->times, 1);
  EXPECT_EQ(transport_->sent.size(), 3u);
  renewal.Answer(1, "new");  // long after the call is over
}

TEST_F(PendingCallTest, ShedsWhatExceedsTheLimit) {
  Client::Options options = {.base_url = "https://api.example"};
  options.limit.initial = 1;
  options.limit.minimum = 1;
  Create(options);
  Call(kRefund, kRefundOf34);
  const Called& second = Call(kRefund, kRefundOf34);
  ASSERT_EQ(second.times, 1);
  EXPECT_EQ(second.failure().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(second.failure().outcome, Outcome::kNotSent);
  EXPECT_EQ(second.failure().reason, "OVERLOADED");
  EXPECT_EQ(second.attempts, 0);
  EXPECT_EQ(counters().shed, 1u);
  Call(kGetOrder, kOrder);  // reads have their own limit
  EXPECT_EQ(transport_->sent.size(), 2u);
  Answer(0, Response(200, R"({"id": "1"})"));
  Call(kRefund, kRefundOf34);
  EXPECT_EQ(transport_->sent.size(), 3u);
}

TEST_F(PendingCallTest, StopsCallingWhatKeepsFailing) {
  Client::Options options = {.base_url = "https://api.example"};
  options.breaker.min_calls = 3;
  Create(options);
  for (size_t i = 0; i < 3; ++i) {
    Call(kRefund, kRefundOf34);
    Answer(i, Response(503, ""));
  }
  const Called& refused = Call(kRefund, kRefundOf34);
  ASSERT_EQ(refused.times, 1);
  EXPECT_EQ(refused.failure().reason, "CIRCUIT_OPEN");
  EXPECT_EQ(refused.failure().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(refused.failure().outcome, Outcome::kNotSent);
  EXPECT_EQ(counters().refused_by_breaker, 1u);
  Call(kGetOrder, kOrder);
  EXPECT_EQ(transport_->sent.size(), 4u);
}

TEST_F(PendingCallTest, LimitsTheRateOfAStore) {
  Client::Options options = {.base_url = "https://api.example"};
  options.rate_limit = {.calls_per_second = 0.001, .burst = 1};
  Create(options);
  Call(kRefund, kRefundOf34);
  const Called& second = Call(kRefund, kRefundOf34);
  ASSERT_EQ(second.times, 1);
  EXPECT_EQ(second.failure().code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(second.failure().outcome, Outcome::kNotSent);
  EXPECT_TRUE(second.failure().retry_after.has_value());
}

TEST_F(PendingCallTest, WaitsAsLongAsTheUpstreamAsks) {
  Create();
  Call(kGetOrder, kOrder, SteadyTime::Now() + absl::Minutes(1));
  http::Response busy = Response(429, "");
  busy.headers = "Retry-After: 1\r\n";
  const SteadyTime before = SteadyTime::Now();
  Answer(0, std::move(busy));
  ASSERT_EQ(transport_->wait_until.size(), 1u);
  EXPECT_GE(transport_->wait_until[0], before + absl::Seconds(1));
  // Retry-After is not waited for if the wait does not fit into the deadline.
  const Called& hurried = Call(kGetOrder, kOrder, SteadyTime::Now() + absl::Milliseconds(500));
  busy = Response(429, "");
  busy.headers = "Retry-After: 1\r\n";
  Answer(1, std::move(busy));
  ASSERT_EQ(hurried.times, 1);
  EXPECT_EQ(hurried.failure().retry_after, absl::Seconds(1));
}

}  // namespace
}  // namespace gateway
