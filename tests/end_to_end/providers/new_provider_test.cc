// A provider unknown to the C++ code is served, and its webhooks are verified, with only one proto
// file and one block of configuration.
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "absl/time/clock.h"
#include "service/config/config.h"
#include "service/gateway.h"
#include "tests/end_to_end/support/arrival.h"
#include "tests/end_to_end/support/caller.h"
#include "tests/end_to_end/support/rpc.h"
#include "tests/upstream/webhooks/message.h"
#include "tests/upstream/webhooks/signer.h"
#include "upstream/mapping/descriptors.h"

// The compiled testdata/lemonade_pay.proto.
extern "C" const char lemonade_descriptors[];
extern "C" const char lemonade_descriptors_end[];

namespace gateway::end_to_end {
namespace {

constexpr char kConfig[] = R"({
  "listen": "127.0.0.1:0",
  "upstreams": {
    "lemonadepay": {"base_url": "http://127.0.0.1:$0/v7", "api_key": {"env": "LEMONADE_KEY"}}
  },
  "webhooks": {"providers": {"lemonadepay": {"secrets": {"first": {"env": "LEMONADE_SECRET"}}}}}
})";
constexpr char kSecret[] = "whsec_lemons";
constexpr char kMethod[] = "/lemonade.pay.v1.PaymentsService/CreatePayment";

class NewProviderTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("LEMONADE_KEY", "sour", 1);
    ::setenv("LEMONADE_SECRET", kSecret, 1);
    sandbox_ = sandbox::Sandbox::Start({}).value();  // serves HTTP; the test makes every answer
    recorder_ = std::make_unique<Recorder>(*sandbox_);
    const auto files = mapping::AddDescriptorSet(
        {lemonade_descriptors,
         static_cast<size_t>(lemonade_descriptors_end - lemonade_descriptors)});
    ASSERT_TRUE(files.ok()) << files.status();
    auto config = ParseConfig("", absl::Substitute(kConfig, sandbox_->port()));
    ASSERT_TRUE(config.ok()) << config.status();
    auto gateway = Gateway::Create(*config, *files);
    ASSERT_TRUE(gateway.ok()) << gateway.status();
    gateway_ = *std::move(gateway);
    caller_ = std::make_unique<Caller>(gateway_->port());
  }

  void TearDown() override { sandbox_->OnRequest(nullptr); }

  Answer Call(const std::string& text) {
    const auto request = NewMessage(TypeNamed("lemonade.pay.v1.CreatePaymentRequest"));
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, request.get()));
    return caller_->Call(kMethod, request->SerializeAsString());
  }

  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Caller> caller_;
};

TEST_F(NewProviderTest, IsServed) {
  recorder_->Answer(JsonReply(200, Json{{"id", "p1"}, {"state", "paid"}}));
  const Answer answer = Call("stand: 'n 1' body { cents: 250 flavor: 'pink' }");
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  const auto reply = NewMessage(TypeNamed("lemonade.pay.v1.Payment"));
  ASSERT_TRUE(reply->ParseFromString(answer.message));
  EXPECT_EQ(reply->ShortDebugString(), "id: \"p1\" state: STATE_PAID");
  const std::vector<Arrival> arrivals = recorder_->Take();
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(arrivals[0].method, "POST");
  EXPECT_EQ(arrivals[0].target, "/v7/pay/n%201");
  EXPECT_EQ(arrivals[0].authorization, "Token sour");
  EXPECT_EQ(arrivals[0].text, R"({"cents":250,"flavor":"pink"})");
}

TEST_F(NewProviderTest, IsChecked) {
  const Answer answer = Call("stand: 's' body { cents: 0 }");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(answer.status).Fields(), std::vector<std::string>{"body.cents"});
  EXPECT_EQ(recorder_->count(), 0u);
}

TEST_F(NewProviderTest, IsHeardWhereItRefuses) {
  recorder_->Answer(
      JsonReply(409, Json::parse(R"({"problem": {"kind": "sold_out", "text": "no lemons"}})")));
  const Answer answer = Call("stand: 's' body { cents: 1 }");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(answer.status.error_message(), "the upstream answered 409: no lemons");
  EXPECT_EQ(DetailsOf(answer.status).Meta("upstream_code"), "sold_out");
}

TEST_F(NewProviderTest, IsBelievedWhereItSigns) {
  const std::string event = R"({"no": 7, "kind": "squeezed", "at": 1750000000, "juice": 1.5})";
  const std::string now = absl::StrCat(absl::ToUnixSeconds(absl::Now()));
  const auto parse = [&](const std::string& secret) {
    const std::string digest =
        webhooks::Hmac(webhooks::HexText(webhooks::Sha(secret)), absl::StrCat(now, "|", event));
    return caller_->Call(
        "/gateway.webhooks.v1.WebhookService/ParseEvent",
        webhooks::MakeRequest(
            "lemonadepay",
            {{"lemonade-time", now}, {"Lemonade-Signature", "v1=" + webhooks::HexText(digest)}},
            event));
  };
  const Answer answer = parse(kSecret);
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(webhooks::ReadResponse(answer.message),
            Json::parse(R"({"provider": "lemonadepay", "event_id": "7", "type": "squeezed",
                            "time": "2025-06-15T15:06:40Z",
                            "other": {"no": 7.0, "kind": "squeezed", "at": 1750000000.0,
                                      "juice": 1.5}})"));
  EXPECT_EQ(parse("whsec_another").status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace gateway::end_to_end
