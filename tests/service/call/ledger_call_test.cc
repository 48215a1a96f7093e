// LedgerService over gRPC: what it shows, to whom, and the effect of an operator's decision.
#include "service/call/ledger_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "service/gateway.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::Received;
using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::HasSubstr;

constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
constexpr char kLedger[] = "gateway.ledger.v1.LedgerService";
constexpr char kStore[] = "411486491630370816";
constexpr char kOtherStore[] = "411486491630370817";

class LedgerCallTest : public testing::Test {
 protected:
  void SetUp() override {
    // After a lost write, all reads fail, so the outcome of that write stays unknown.
    upstream_ = std::make_unique<ScriptedServer>(
        http::Answers{.on_request = [this](const Received& request) {
          const std::lock_guard lock(mutex_);
          if (request.method != "GET") {
            if (answer_.end == Step::End::kClose) lost_ = true;
            return answer_;
          }
          Step step = lost_ ? Step::Raw("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                            : Step::Reply("[]");
          step.executes = false;
          return step;
        }});
    Start();
  }

  // Starts a gateway on the ledger of the previous one. `rules`: of the policy; null: no policy.
  void Start(const json& rules = nullptr) {
    gateway_ = nullptr;
    json config = {{"listen", "127.0.0.1:0"},
                   {"ledger", {{"file", directory_.Path("ledger/ledger.db")}}},
                   {"audit", {{"file", directory_.Path("audit")}}}};
    config["upstreams"]["paynow"] = {{"base_url", upstream_->Url("")},
                                     {"api_key", {{"file", directory_.Write("key", "k")}}}};
    if (!rules.is_null()) {
      config["authorization"]["policy_file"] =
          directory_.Write("policy", json{{"rules", rules}}.dump());
    }
    auto parsed = ParseConfig("gateway.json", config.dump());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    auto created = Gateway::Create(*parsed);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  RpcAnswer Call(const std::string& method, const json& request, const std::string& key = "") {
    RpcOptions options;
    if (!key.empty()) options.metadata.emplace("idempotency-key", key);
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), method, request.dump(), options);
  }

  RpcAnswer Ask(const std::string& rpc, const json& request) {
    return Call(absl::StrCat(kLedger, "/", rpc), request);
  }

  void Answer(Step step) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(step);
  }

  // The order's payments can be read again.
  void ShowPayments() {
    const std::lock_guard lock(mutex_);
    lost_ = false;
  }

  // Makes a refund with this key and returns its ledger entry.
  std::string Refund(const std::string& key, const std::string& store = kStore) {
    const RpcAnswer answer =
        Call(kRefund, {{"store_id", store}, {"order_id", "1"}, {"body", json::object()}}, key);
    const auto entry = answer.trailers.find("gateway-ledger-entry");
    return entry == answer.trailers.end() ? "" : entry->second;
  }

  static json Parse(const RpcAnswer& answer) {
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    return json::parse(answer.reply, nullptr, false);
  }

  const TempDir directory_;
  std::mutex mutex_;
  // Guarded by mutex_.
  Step answer_ = Step::Reply(R"({"id": "77"})");
  bool lost_ = false;
  std::unique_ptr<ScriptedServer> upstream_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(LedgerCallTest, ShowsAnEntryAndNothingOfItsRequest) {
  const std::string id = Refund("once");
  const RpcAnswer answer = Ask("GetEntry", {{"id", id}});
  const json entry = Parse(answer);
  EXPECT_EQ(entry["id"], id);
  EXPECT_EQ(entry["state"], "STATE_DONE");
  EXPECT_EQ(entry["upstream"], "paynow");
  EXPECT_EQ(entry["store"], kStore);
  EXPECT_EQ(entry["rpc"], "paynow.management.v1.OrdersService.RefundOrder");
  EXPECT_THAT(answer.reply, testing::Not(HasSubstr("once")));
  EXPECT_EQ(Ask("GetEntry", {{"id", std::string(44, '0')}}).status.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(Ask("GetEntry", {{"id", "1"}}).status.error_code(), grpc::INVALID_ARGUMENT);
}

TEST_F(LedgerCallTest, ListsEntriesByTheirState) {
  Refund("once");
  Answer(Step::ExecuteAndClose());
  const std::string unknown = Refund("twice");
  const json all = Parse(Ask("ListEntries", json::object()));
  EXPECT_EQ(all["entries"].size(), 2u);
  const json one = Parse(Ask("ListEntries", {{"state", "STATE_UNKNOWN"}}));
  ASSERT_EQ(one["entries"].size(), 1u);
  EXPECT_EQ(one["entries"][0]["id"], unknown);
  const json page = Parse(Ask("ListEntries", {{"page_size", 1}}));
  ASSERT_EQ(page["entries"].size(), 1u);
  const json next =
      Parse(Ask("ListEntries", {{"page_size", 1}, {"page_token", page["nextPageToken"]}}));
  ASSERT_EQ(next["entries"].size(), 1u);
  EXPECT_NE(next["entries"][0]["id"], page["entries"][0]["id"]);
}

TEST_F(LedgerCallTest, AnOperatorsWordLiftsTheGuardAndIsAudited) {
  Answer(Step::ExecuteAndClose());
  const std::string unknown = Refund("once");
  Answer(Step::Reply(R"({"id": "77"})"));
  EXPECT_EQ(Refund("another"), "");  // refused: the first refund is unknown
  EXPECT_EQ(Ask("ResolveEntry", {{"id", unknown}, {"outcome", "OUTCOME_NOT_DONE"}, {"attempt", 1}})
                .status.error_code(),
            grpc::INVALID_ARGUMENT);
  const json resolved = Parse(Ask("ResolveEntry", {{"id", unknown},
                                                   {"outcome", "OUTCOME_NOT_DONE"},
                                                   {"attempt", 1},
                                                   {"reason", "no refund in the dashboard"}}));
  EXPECT_EQ(resolved["state"], "STATE_NOT_DONE");
  EXPECT_EQ(resolved["resolver"], "anonymous");
  EXPECT_NE(Refund("another"), "");
  gateway_ = nullptr;
  std::ifstream audit(directory_.Path("audit"));
  const std::string lines{std::istreambuf_iterator<char>(audit), std::istreambuf_iterator<char>()};
  EXPECT_THAT(lines, HasSubstr("LedgerService/ResolveEntry"));
}

// An operator's command may be repeated since its answer was lost, and the key may have been used
// again in between.
TEST_F(LedgerCallTest, AnOperatorsWordOnAnAttemptSaysNothingOfTheNext) {
  Answer(Step::ExecuteAndClose());
  const std::string id = Refund("once");
  json word = {{"id", id}, {"outcome", "OUTCOME_NOT_DONE"}, {"reason", "r"}};
  EXPECT_EQ(Ask("ResolveEntry", word).status.error_code(), grpc::INVALID_ARGUMENT);
  word["attempt"] = 1;
  EXPECT_EQ(Parse(Ask("ResolveEntry", word))["state"], "STATE_NOT_DONE");
  EXPECT_EQ(Parse(Ask("ResolveEntry", word))["state"], "STATE_NOT_DONE");
  ShowPayments();
  EXPECT_EQ(Refund("once"), id);
  EXPECT_EQ(Ask("ResolveEntry", word).status.error_code(), grpc::FAILED_PRECONDITION);
  word["outcome"] = "OUTCOME_DONE";
  EXPECT_EQ(Ask("ResolveEntry", word).status.error_code(), grpc::FAILED_PRECONDITION);
  const json entry = Parse(Ask("GetEntry", {{"id", id}}));
  EXPECT_EQ(entry["state"], "STATE_UNKNOWN");
  EXPECT_EQ(entry["attempt"], "2");
  word["attempt"] = -1;
  EXPECT_EQ(Ask("ResolveEntry", word).status.error_code(), grpc::INVALID_ARGUMENT);
  word.erase("attempt");
  EXPECT_EQ(Parse(Ask("ResolveEntry", word))["state"], "STATE_DONE");
}

TEST_F(LedgerCallTest, WhatIsResolvedAsDoneIsNotSentAgain) {
  Answer(Step::ExecuteAndClose());
  const std::string unknown = Refund("once");
  Parse(Ask("ResolveEntry",
            {{"id", unknown}, {"outcome", "OUTCOME_DONE"}, {"reason", "it is in the dashboard"}}));
  const RpcAnswer again =
      Call(kRefund, {{"store_id", kStore}, {"order_id", "1"}, {"body", json::object()}}, "once");
  EXPECT_TRUE(again.status.ok()) << again.status.error_message();
  EXPECT_EQ(again.trailers.count("gateway-replayed"), 1u);
  EXPECT_EQ(upstream_->executions(), 1);
}

TEST_F(LedgerCallTest, AWaitEndsWithTheWrite) {
  Answer(Step::HeldReply(R"({"id": "77"})"));
  std::thread caller([this] { EXPECT_NE(Refund("once"), ""); });
  ASSERT_TRUE(upstream_->WaitForExecutions(1));
  const json listed = Parse(Ask("ListEntries", {{"state", "STATE_INTENT"}}));
  ASSERT_EQ(listed["entries"].size(), 1u);
  std::thread waiter([this, id = listed["entries"][0]["id"]] {
    EXPECT_EQ(Parse(Ask("WaitEntry", {{"id", id}}))["state"], "STATE_DONE");
  });
  upstream_->Release();
  waiter.join();
  caller.join();
}

TEST_F(LedgerCallTest, AForeignEntryLooksAbsent) {
  const std::string own = Refund("once");
  const std::string foreign = Refund("once", kOtherStore);
  Start({{"own",
          {{"anyone", true}, {"methods", {absl::StrCat(kLedger, "/*")}}, {"stores", {kStore}}}}});
  EXPECT_EQ(Parse(Ask("GetEntry", {{"id", own}}))["id"], own);
  const RpcAnswer absent = Ask("GetEntry", {{"id", std::string(44, '0')}});
  for (const char* rpc : {"GetEntry", "WaitEntry"}) {
    const RpcAnswer answer = Ask(rpc, {{"id", foreign}});
    EXPECT_EQ(answer.status.error_code(), grpc::NOT_FOUND);
    EXPECT_EQ(answer.status.error_message(), absent.status.error_message());
  }
  EXPECT_EQ(Parse(Ask("ListEntries", json::object()))["entries"].size(), 1u);
}

TEST_F(LedgerCallTest, OnlyARuleThatNamesItGivesTheRight) {
  const std::string id = Refund("once");
  Start({{"all", {{"anyone", true}, {"methods", {"*", "read", "write"}}}}});
  EXPECT_EQ(Ask("GetEntry", {{"id", id}}).status.error_code(), grpc::UNAUTHENTICATED);
  Start({{"all", {{"anyone", true}, {"methods", {absl::StrCat(kLedger, "/*")}}}}});
  EXPECT_EQ(Ask("GetEntry", {{"id", id}}).status.error_code(), grpc::OK);
  EXPECT_EQ(Ask("ResolveEntry", {{"id", id}, {"outcome", "OUTCOME_DONE"}, {"reason", "r"}})
                .status.error_code(),
            grpc::UNAUTHENTICATED);
  Start({{"all", {{"anyone", true}, {"methods", {absl::StrCat(kLedger, "/ResolveEntry")}}}}});
  EXPECT_EQ(Ask("ResolveEntry",
                {{"id", id}, {"outcome", "OUTCOME_NOT_DONE"}, {"attempt", 1}, {"reason", "r"}})
                .status.error_code(),
            grpc::FAILED_PRECONDITION);
}

}  // namespace
}  // namespace gateway
