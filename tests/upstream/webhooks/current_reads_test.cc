#include "upstream/webhooks/current_reads.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/upstream/webhooks/message.h"
#include "upstream/mapping/wire.h"

namespace gateway::webhooks {
namespace {

using google::protobuf::DescriptorPool;
using testing::HasSubstr;

std::string Text(uint32_t field, absl::string_view text) {
  std::string bytes;
  {
    mapping::WireWriter out(bytes);
    out.Tag(field, mapping::WireType::kBytes);
    out.Bytes(text);
  }
  return bytes;
}

constexpr char kSignature[] = "signature { header: 'S' key: KEY_SECRET encoding: HEX }";

class CurrentReadsTest : public testing::Test {
 protected:
  CurrentReadsTest() : routes_(*mapping::RouteTable::Compile(mapping::EmbeddedFiles())) {
    auto reads = CurrentReads::Compile(EmbeddedSchemes(), *routes_);
    EXPECT_TRUE(reads.ok()) << reads.status();
    if (reads.ok()) reads_ = std::make_unique<CurrentReads>(*std::move(reads));
  }

  // Returns the RPC for the event and its request, or "" if the event has no read.
  std::string ReadFor(absl::string_view provider, absl::string_view type, absl::string_view store,
                      absl::string_view body) const {
    const auto read = reads_->For(provider, type, store, body);
    return read ? absl::StrCat(read->route->rpc_path, " ", read->request) : "";
  }

  // Why a scheme with this option is refused.
  std::string ProblemOf(const std::string& option,
                        const std::string& signature = kSignature) const {
    DescriptorPool pool(DescriptorPool::generated_pool());
    google::protobuf::FileDescriptorProto file;
    const std::string text =
        absl::StrCat("name: '0.proto' syntax: 'proto3' options { [gateway.signing.v1.scheme] { ",
                     "provider: 'p' type: 't' ", signature, " current {", option, "} } }");
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &file)) << text;
    const auto schemes = Schemes::Read({pool.BuildFile(file)});
    EXPECT_TRUE(schemes.ok()) << schemes.status();
    return std::string(CurrentReads::Compile(*schemes, *routes_).status().message());
  }

  std::unique_ptr<const mapping::RouteTable> routes_;
  std::unique_ptr<CurrentReads> reads_;
};

TEST_F(CurrentReadsTest, EachEventHasTheReadOfWhatItIsAbout) {
  EXPECT_EQ(ReadFor("paynow", "ON_ORDER_COMPLETED", "5", R"({"body": {"id": "7"}})"),
            absl::StrCat("/paynow.management.v1.OrdersService/GetOrderById ", Text(1, "5"),
                         Text(2, "7")));
  EXPECT_EQ(ReadFor("paynow", "ON_REFUND", "5", R"({"body": {"id": "7", "order_id": 8}})"),
            absl::StrCat("/paynow.management.v1.OrdersService/GetOrderById ", Text(1, "5"),
                         Text(2, "8")));
  EXPECT_EQ(ReadFor("paynow", "ON_SUBSCRIPTION_RENEWED", "5", R"({"body": {"id": "7"}})"),
            absl::StrCat("/paynow.management.v1.SubscriptionsService/GetSubscriptionById ",
                         Text(1, "5"), Text(2, "7")));
  EXPECT_EQ(
      ReadFor("paynow", "ON_TRIAL_COMPLETED", "5", R"({"body": {"id": "7"}})"),
      absl::StrCat("/paynow.management.v1.TrialsService/GetTrial ", Text(1, "5"), Text(2, "7")));
  EXPECT_EQ(ReadFor("qashier", "checkout.session.completed", "",
                    R"({"data": {"object": {"id": "cs_1"}}})"),
            absl::StrCat("/qashier.v1.CheckoutSessionsService/RetrieveCheckoutSession ",
                         Text(1, "cs_1")));
  EXPECT_EQ(ReadFor("convergegate", "session.completed", "", R"({"data": {"session_id": "1"}})"),
            absl::StrCat("/convergegate.v1.CheckoutSessionsService/RetrieveCheckoutSession ",
                         Text(1, "1")));
}

TEST_F(CurrentReadsTest, AnEventThatNamesNothingThatCanBeReadHasNone) {
  EXPECT_EQ(ReadFor("paynow", "ON_ORDER_COMPLETED", "5", R"({"body": {}})"), "");
  EXPECT_EQ(ReadFor("paynow", "ON_DISCORD_ACCOUNT_LINKED_TO_CHECKOUT", "5", R"({"body": {}})"), "");
  EXPECT_EQ(ReadFor("paymentkit", "invoice.paid", "", R"({"data": {"id": "1"}})"), "");
  EXPECT_EQ(ReadFor("paynow", "ON_REFUND", "5", "no JSON"), "");
  EXPECT_EQ(ReadFor("nobody", "ON_REFUND", "5", "{}"), "");
}

TEST_F(CurrentReadsTest, WhatIsShownHasNoCredentials) {
  const auto read = reads_->For("qashier", "checkout.session.completed", "",
                                R"({"data": {"object": {"id": "cs_1"}}})");
  ASSERT_TRUE(read);
  // id, url (which lets its holder pay), and a field that this version does not know
  const std::string reply =
      absl::StrCat(Text(1, "cs_1"), Text(13, "https://pay.example/secret"), Text(500, "new"));
  google::protobuf::Any shown;
  ASSERT_TRUE(shown.ParseFromString(reads_->Show(*read->route, reply)));
  EXPECT_EQ(shown.type_url(), "type.googleapis.com/qashier.v1.CheckoutSession");
  EXPECT_EQ(shown.value(), absl::StrCat(Text(1, "cs_1"), Text(500, "new")));
}

TEST_F(CurrentReadsTest, WhatBearsAnEventOutNamesItself) {
  const auto read = reads_->For("qashier", "checkout.session.completed", "",
                                R"({"data": {"object": {"id": "cs_1"}}})");
  ASSERT_TRUE(read);
  const google::protobuf::Message& session = *read->truth->reply;
  const auto reply = [&session](const std::string& text) {
    const std::unique_ptr<google::protobuf::Message> message(session.New());
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, message.get())) << text;
    return message->SerializeAsString();
  };
  const std::string complete = "status: CHECKOUT_SESSION_STATUS_COMPLETE ";
  EXPECT_EQ(CurrentReads::BornOut(*read, reply(complete + "id: 'cs_2'")), "cs_2")
      << "the reply's id, not the event's";
  EXPECT_EQ(CurrentReads::BornOut(*read, reply(complete)), std::nullopt);
  EXPECT_EQ(CurrentReads::BornOut(*read, reply("id: 'cs_1'")), std::nullopt);
}

TEST_F(CurrentReadsTest, AnOptionThatDoesNotFitIsRefused) {
  const std::string argument = "argument { field: 'order_id' pointer: '/id' }";
  const std::string rpc = "rpc: 'paynow.management.v1.OrdersService/";
  EXPECT_EQ(ProblemOf(rpc + "GetOrderById' " + argument), "");
  EXPECT_EQ(ProblemOf("rpc: 'other.v1.Service/Get' " + argument), "") << "not served here";
  EXPECT_THAT(ProblemOf(rpc + "GetOrderById' " + argument, /*signature=*/""),
              HasSubstr("needs a field and its values: the provider signs nothing"));
  const std::string truth = absl::StrCat(
      "rpc: 'qashier.v1.CheckoutSessionsService/RetrieveCheckoutSession' argument { field: 'id' ",
      "pointer: '/id' } field: 'status' any: 'CHECKOUT_SESSION_STATUS_COMPLETE' ");
  EXPECT_EQ(ProblemOf(truth + "object_id: 'id'", /*signature=*/""), "");
  for (const char* id : {"", "object_id: 'x'", "object_id: 'amount_total'"}) {
    EXPECT_THAT(ProblemOf(truth + id, /*signature=*/""), HasSubstr("that is the object's id"))
        << id;
  }
  EXPECT_THAT(ProblemOf(rpc + "GetOrder' " + argument), HasSubstr("GetOrder: is no RPC"));
  EXPECT_THAT(ProblemOf(rpc + "RefundOrder' " + argument), HasSubstr("does not only read"));
  EXPECT_THAT(ProblemOf(rpc + "GetOrderById'"), HasSubstr("has no argument"));
  EXPECT_THAT(ProblemOf(rpc + "GetOrderById' argument { field: 'x' pointer: '/id' }"),
              HasSubstr("has no text field x"));
  EXPECT_THAT(ProblemOf(rpc + "GetOrderById' argument { field: 'order_id' pointer: 'id' }"),
              HasSubstr("no JSON pointer for order_id"));
}

}  // namespace
}  // namespace gateway::webhooks
