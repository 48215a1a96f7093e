// Writes with an idempotency key over gRPC, with a ledger in a file: each key is executed once, and
// a repeated call gets the result that is known.
#include "service/call/keyed_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/service/call/keyed_calls.h"

namespace gateway {
namespace {

using testing::HasSubstr;

class KeyedWriteTest : public KeyedCalls {};

TEST_F(KeyedWriteTest, ARepetitionIsAnsweredWithTheKeptReply) {
  const Heard first = Call("once");
  const Heard again = Call("once");
  EXPECT_EQ(first.code, grpc::OK) << first.message;
  EXPECT_FALSE(first.replayed);
  EXPECT_THAT(first.reply, HasSubstr("77"));
  EXPECT_EQ(again.code, grpc::OK) << again.message;
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.reply, first.reply);
  EXPECT_EQ(again.entry, first.entry);
  EXPECT_FALSE(first.entry.empty());
  EXPECT_EQ(executions(), 1);
}

TEST_F(KeyedWriteTest, TheKeptReplyOutlivesTheProcess) {
  const Heard first = Call("once");
  Start();
  const Heard again = Call("once");
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.reply, first.reply);
  EXPECT_EQ(executions(), 1);
}

TEST_F(KeyedWriteTest, AnUnknownOutcomeIsNeverSentAgain) {
  ServeLost();
  const Heard first = Call("once");
  EXPECT_EQ(first.code, grpc::UNKNOWN);
  EXPECT_EQ(first.outcome, "unknown");
  for (int i = 0; i < 2; ++i) {
    const Heard again = Call("once");
    EXPECT_EQ(again.code, grpc::UNKNOWN);
    EXPECT_EQ(again.outcome, "unknown");
    EXPECT_EQ(again.reason, "IDEMPOTENCY_OUTCOME_UNKNOWN");
    EXPECT_EQ(again.pushback, "-1");
    EXPECT_EQ(again.entry, first.entry);
    Start();  // a new process does not send the write either
  }
  EXPECT_EQ(executions(), 1);
}

TEST_F(KeyedWriteTest, WhileAnOutcomeIsUnknownNoOtherWriteOfItsKindPasses) {
  ServeLost([](const Received& request) {
    return request.target.find("/orders/1/") != std::string::npos;
  });
  const Heard first = Call("once");
  for (const std::string key : {"another", ""}) {
    const Heard other = Call(key);
    EXPECT_EQ(other.code, grpc::FAILED_PRECONDITION) << other.message;
    EXPECT_EQ(other.reason, "UNRESOLVED_WRITE");
    EXPECT_EQ(other.outcome, "not_sent");
    EXPECT_THAT(other.message, HasSubstr(first.entry));
  }
  EXPECT_EQ(executions(), 1);
  EXPECT_EQ(Call("another", RefundOf(2)).code, grpc::OK);
}

TEST_F(KeyedWriteTest, AWriteWithoutAKeyThatIsLostGuardsItsResourceToo) {
  ServeLost();
  const Heard first = Call("");
  EXPECT_EQ(first.outcome, "unknown");
  EXPECT_EQ(Call("").reason, "UNRESOLVED_WRITE");
  EXPECT_EQ(Call("once").reason, "UNRESOLVED_WRITE");
  EXPECT_EQ(executions(), 1);
}

TEST_F(KeyedWriteTest, ARefusedWriteMayBeSentAgainWithItsKey) {
  auto declines = std::make_shared<std::atomic<int>>(1);
  Serve([=](const Received&) { return (*declines)-- > 0 ? Declined() : Refunded(); });
  const Heard first = Call("once");
  EXPECT_EQ(first.outcome, "refused") << first.message;
  const Heard again = Call("once");
  EXPECT_EQ(again.code, grpc::OK) << again.message;
  EXPECT_FALSE(again.replayed);
  EXPECT_EQ(again.entry, first.entry);
  EXPECT_TRUE(Call("once").replayed);
}

TEST_F(KeyedWriteTest, AKeyIsBoundToItsRequest) {
  Call("once");
  const Heard other = Call("once", RefundOf(2));
  EXPECT_EQ(other.code, grpc::FAILED_PRECONDITION);
  EXPECT_EQ(other.reason, "IDEMPOTENCY_KEY_REUSED");
  EXPECT_EQ(other.outcome, "not_sent");
  EXPECT_EQ(executions(), 1);
}

TEST_F(KeyedWriteTest, CallersOfOneKeyAllHearTheOneReply) {
  constexpr int kCallers = 1000;
  Serve([](const Received&) { return Step::HeldReply(R"({"id": "77"})"); });
  std::vector<Heard> heard(kCallers);
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([this, &heard, i] { heard[static_cast<size_t>(i)] = Call("once"); });
  }
  ASSERT_TRUE(upstream_->WaitForExecutions(1));
  upstream_->Release();
  for (std::thread& caller : callers) caller.join();
  int replayed = 0;
  for (const Heard& one : heard) {
    EXPECT_EQ(one.code, grpc::OK) << one.message;
    EXPECT_EQ(one.reply, heard[0].reply);
    EXPECT_EQ(one.entry, heard[0].entry);
    replayed += one.replayed ? 1 : 0;
  }
  EXPECT_EQ(replayed, kCallers - 1);
  EXPECT_EQ(executions(), 1);
}

TEST_F(KeyedWriteTest, WhoWaitsInVainIsToldToAskAgain) {
  Serve([](const Received&) { return Step::HeldReply(R"({"id": "77"})"); });
  std::thread first([this] { EXPECT_EQ(Call("once").code, grpc::OK); });
  ASSERT_TRUE(upstream_->WaitForExecutions(1));
  const Heard other = Call("once", RefundOf(1), kRefund, std::chrono::seconds(3));
  EXPECT_EQ(other.code, grpc::ABORTED) << other.message;
  EXPECT_EQ(other.reason, "IDEMPOTENCY_IN_PROGRESS");
  EXPECT_EQ(other.outcome, "not_sent");
  EXPECT_TRUE(other.has_retry_info);
  upstream_->Release();
  first.join();
  EXPECT_EQ(executions(), 1);
}

TEST_F(KeyedWriteTest, WhoWaitedForARefusedCallIsToldToCallAgain) {
  Serve([](const Received&) {
    Step step = Declined();
    step.held = true;
    return step;
  });
  std::thread first([this] { EXPECT_EQ(Call("once").outcome, "refused"); });
  ASSERT_TRUE(upstream_->WaitForExecutions(1));
  constexpr int kWaiting = 20;
  std::vector<Heard> heard(kWaiting);
  std::vector<std::thread> waiting;
  for (Heard& other : heard) waiting.emplace_back([&] { other = Call("once"); });
  const std::string all = absl::StrCat("gateway_calls_in_flight ", kWaiting + 1);
  while (gateway_->MetricsText().find(all) == std::string::npos) std::this_thread::yield();
  upstream_->Release();
  first.join();
  for (std::thread& thread : waiting) thread.join();
  int released = 0;
  for (const Heard& other : heard) {
    // A call that reaches the ledger after the first call has ended is sent to the upstream.
    if (other.outcome == "refused") continue;
    EXPECT_EQ(other.code, grpc::ABORTED) << other.message;
    EXPECT_EQ(other.reason, "IDEMPOTENCY_RELEASED");
    EXPECT_EQ(other.outcome, "not_sent");
    ++released;
  }
  EXPECT_GE(released, 1);
  EXPECT_EQ(executions(), 1 + kWaiting - released);
}

TEST_F(KeyedWriteTest, AnotherWriteOfTheKindIsToldThatOneIsUnderWay) {
  Serve([](const Received&) { return Step::HeldReply(R"({"id": "77"})"); });
  std::thread first([this] { EXPECT_EQ(Call("once").code, grpc::OK); });
  ASSERT_TRUE(upstream_->WaitForExecutions(1));
  const Heard other = Call("another");
  EXPECT_EQ(other.code, grpc::ABORTED) << other.message;
  EXPECT_EQ(other.reason, "WRITE_IN_PROGRESS");
  EXPECT_EQ(other.outcome, "not_sent");
  EXPECT_TRUE(other.has_retry_info);
  upstream_->Release();
  first.join();
  EXPECT_EQ(executions(), 1);
}

TEST_F(KeyedWriteTest, WithoutItsStoreKeysAreRefusedAndTheRestGoesOn) {
  dsn_ = "host=127.0.0.1 port=1 dbname=nowhere user=nobody sslmode=disable";
  Start();
  const Heard keyed = Call("once");
  EXPECT_EQ(keyed.code, grpc::UNAVAILABLE) << keyed.message;
  EXPECT_EQ(keyed.reason, "LEDGER_UNAVAILABLE");
  EXPECT_EQ(keyed.outcome, "not_sent");
  EXPECT_EQ(executions(), 0);
  EXPECT_EQ(Call("").code, grpc::OK);
  EXPECT_EQ(executions(), 1);
}

TEST_F(KeyedWriteTest, AReplyWithACredentialIsNotKept) {
  Serve([](const Received&) { return Step::Reply(R"({"id": "5", "code": "SECRET-MARKER"})"); });
  const std::string request =
      absl::StrCat(R"({"store_id": ")", kStore, R"(", "body": {"enabled": true, "code": "c",)",
                   R"( "balance": 100, "usable_at": "2026-01-01T00:00:00Z"}})");
  const Heard first = Call("once", request, kGiftcard);
  ASSERT_EQ(first.code, grpc::OK) << first.message;
  EXPECT_THAT(first.reply, HasSubstr("SECRET-MARKER"));
  const Heard again = Call("once", request, kGiftcard);
  EXPECT_EQ(again.code, grpc::OK);
  EXPECT_TRUE(again.replayed);
  EXPECT_THAT(again.reply, testing::Not(HasSubstr("SECRET-MARKER")));
  EXPECT_EQ(executions(), 1);
}

TEST_F(KeyedWriteTest, AnOperationWithoutAnUpstreamKeyIsKeptTooAndItsKeyStaysHere) {
  const std::string request =
      absl::StrCat(R"({"store_id": ")", kStore, R"(", "subscription_id": "5"})");
  Serve([](const Received&) { return Step::Raw("HTTP/1.1 204 No Content\r\n\r\n"); });
  EXPECT_EQ(Call("once", request, kCancel).code, grpc::OK);
  EXPECT_TRUE(Call("once", request, kCancel).replayed);
  EXPECT_EQ(executions(), 1);
  EXPECT_THAT(upstream_->received().back().head, testing::Not(HasSubstr("once")));
}

TEST_F(KeyedWriteTest, ACallThatNeedsAKeyIsRefusedWithout) {
  ledger_keys_ = {{"require_key", {kRefund}}};
  Start();
  const Heard heard = Call("");
  EXPECT_EQ(heard.code, grpc::INVALID_ARGUMENT);
  EXPECT_EQ(heard.reason, "IDEMPOTENCY_KEY_REQUIRED");
  EXPECT_EQ(heard.outcome, "not_sent");
  EXPECT_EQ(executions(), 0);
  EXPECT_EQ(Call("once").code, grpc::OK);
}

TEST_F(KeyedWriteTest, AKeyOfOddBytesIsRefused) {
  EXPECT_EQ(Call("two words").code, grpc::INVALID_ARGUMENT);
  EXPECT_EQ(Call(std::string(256, 'k')).code, grpc::OK);
  std::string visible;
  for (char c = '!'; c <= '~'; ++c) visible += c;
  EXPECT_EQ(Call(visible).code, grpc::OK);
  EXPECT_TRUE(Call(visible).replayed);
  EXPECT_EQ(executions(), 2);
}

TEST_F(KeyedWriteTest, ASecondGatewayOnTheSameFileIsRefused) {
  auto config = ParseConfig("gateway.json", ConfigText().dump());
  ASSERT_TRUE(config.ok()) << config.status();
  const auto second = Gateway::Create(*config);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("ledger.file: "));
}

TEST_F(KeyedWriteTest, TheAuditLineNamesTheEntry) {
  const Heard heard = Call("once");
  gateway_ = nullptr;
  std::ifstream audit(directory_.Path("audit"));
  const std::string lines{std::istreambuf_iterator<char>(audit), std::istreambuf_iterator<char>()};
  EXPECT_THAT(lines, HasSubstr(absl::StrCat(R"("ledger_entry":")", heard.entry)));
}

}  // namespace
}  // namespace gateway
