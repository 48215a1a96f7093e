// Requests that must not be sent: each is refused with the right code and the faulty fields,
// nothing reaches the upstream, and the next good request succeeds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/end_to_end/support/arrival.h"
#include "tests/end_to_end/support/messages.h"
#include "tests/end_to_end/support/operations.h"
#include "tests/end_to_end/support/stack.h"

namespace gateway::end_to_end {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class BadInputTest : public testing::Test {
 protected:
  explicit BadInputTest(const StackOptions& options = {})
      : stack_(options), recorder_(stack_.sandbox()), rpcs_(RpcsOf(stack_.sandbox().contract())) {}

  // Checks that no bad request reached the upstream and that a good call still does.
  void TearDown() override {
    EXPECT_EQ(recorder_.count(), 0u);
    const ReadyCall good = Ready(rpcs_, kCheckout);
    recorder_.Answer(JsonReply(200, good.sample.reply));
    const Answer answer = stack_.caller().Call(good.rpc->path, good.bytes);
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_EQ(recorder_.count(), 1u);
  }

  Answer Checkout(const std::string& bytes) {
    return stack_.caller().Call(Method("CheckoutService", "CreateCheckoutSession"), bytes);
  }

  // Returns the fields for which a checkout with this text is refused.
  std::vector<std::string> Refused(const std::string& text) {
    return Blamed(Checkout(Bytes("CreateCheckoutSessionRequest", text)));
  }

  std::vector<std::string> Blamed(const Answer& answer) {
    EXPECT_EQ(answer.status.error_code(), StatusCode::INVALID_ARGUMENT)
        << answer.status.error_message();
    const Details details = DetailsOf(answer.status);
    EXPECT_EQ(details.info.domain(), "billing-gateway");
    EXPECT_EQ(details.info.reason(), "INVALID_REQUEST");
    EXPECT_EQ(details.Meta("outcome"), "not_sent");
    return details.Fields();
  }

  Stack stack_;
  Recorder recorder_;
  const std::vector<Rpc> rpcs_;
};

constexpr char kGoodCheckout[] = R"(
    store_id: "1"
    body { customer_id: "2" lines { product_id: "3" quantity: 1 } return_url: "PLACEHOLDER" })";

TEST_F(BadInputTest, TruncatedMessages) {
  const ReadyCall good = Ready(rpcs_, kCheckout);
  for (size_t length = 0; length < good.bytes.size(); ++length) {
    Blamed(Checkout(good.bytes.substr(0, length)));
  }
}

TEST_F(BadInputTest, RandomBytes) {
  std::mt19937 random(20261120);
  const auto byte = [&random] { return static_cast<char>(random() & 0xff); };
  for (int round = 0; round < 1000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& c : bytes) c = byte();
    Blamed(Checkout(bytes));
  }
}

TEST_F(BadInputTest, BytesThatAreNoProtobuf) {
  const std::string good = Bytes("CreateCheckoutSessionRequest", kGoodCheckout);
  using namespace std::string_literals;
  for (const std::string& rubbish :
       {"\x07"s, "\x0b\x0c"s, "\x00"s, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s,
        "\x12\xff\xff\xff\xff\x0f"s, "\x08\x01"s, "\x10\x01"s, "\x15\x01"s}) {
    Blamed(Checkout(good + rubbish));
    Blamed(Checkout(rubbish + good));
  }
}

TEST_F(BadInputTest, TextThatIsNotUtf8) {
  const auto with = [](const std::string& text, const std::string& bytes) {
    return absl::StrReplaceAll(Bytes("CreateCheckoutSessionRequest", text),
                               {{"PLACEHOLDER", bytes}});
  };
  const std::string good = kGoodCheckout;
  const std::string key = R"(store_id: "1" body { customer_id: "2" lines { quantity: 1 }
      metadata { key: "PLACEHOLDER" value: "v" } })";
  const std::string value = R"(store_id: "1" body { customer_id: "2" lines { quantity: 1 }
      metadata { key: "k" value: "PLACEHOLDER" } })";
  const std::string path = R"(store_id: "PLACEHOLDER"
      body { customer_id: "2" lines { quantity: 1 } })";
  for (const std::string& bytes :
       {std::string("xxxxxxxxxx\xff"), std::string("xxxxxxx\xed\xa0\x80x"),
        std::string("xxxxxxx\xf5\x80\x80\x80"), std::string("xxxxxxxxx\xc0\x80"),
        std::string("xxxxxxxx\xe2\x82x")}) {
    ASSERT_EQ(bytes.size(), std::string("PLACEHOLDER").size());
    EXPECT_THAT(Blamed(Checkout(with(good, bytes))), ElementsAre("body.return_url"));
    EXPECT_THAT(Blamed(Checkout(with(key, bytes))), ElementsAre("body.metadata"));
    EXPECT_THAT(Blamed(Checkout(with(value, bytes))), ElementsAre("body.metadata[\"k\"]"));
    EXPECT_THAT(Blamed(Checkout(with(path, bytes))), ElementsAre("store_id"));
  }
}

TEST_F(BadInputTest, EnumNumbersThatNobodyKnows) {
  for (const char* const number : {"0", "-1", "9999", "2147483647"}) {
    EXPECT_THAT(
        Refused(absl::StrCat("store_id: '1' body { customer_id: '2' lines { quantity: 1 gift_to { "
                             "id: 'x' platform: ",
                             number, " } } }")),
        ElementsAre("body.lines[0].gift_to.platform"))
        << number;
    const std::string orders =
        Bytes("GetOrdersRequest", absl::StrCat("status: 1 status: ", number));
    EXPECT_THAT(Blamed(stack_.caller().Call(Method("OrdersService", "GetOrders"), orders)),
                ElementsAre("status[1]"))
        << number;
  }
}

TEST_F(BadInputTest, FieldNumbersThatNobodyKnows) {
  const std::string field_1000("\xc0\x3e\x01", 3);
  const std::string good = Bytes("CreateCheckoutSessionRequest", kGoodCheckout);
  EXPECT_THAT(Blamed(Checkout(good + field_1000)), ElementsAre(""));
  // The unknown field is now inside the body: protobuf merges a second `body` field with the first.
  const std::string body = absl::StrCat("\x12\x03", field_1000);
  EXPECT_THAT(Blamed(Checkout(good + body)), ElementsAre("body"));
}

TEST_F(BadInputTest, EverythingThatIsMissingIsToldAtOnce) {
  EXPECT_THAT(Refused("store_id: '1' body {}"), UnorderedElementsAre("body.customer_id"));
  EXPECT_THAT(Refused("store_id: '' body { lines { gift_to {} } lines { quantity: 1 } "
                      "lines { payout_splits {} product_id: 'x' } }"),
              UnorderedElementsAre("store_id", "body.customer_id", "body.lines[0].quantity",
                                   "body.lines[0].gift_to.platform", "body.lines[0].gift_to.id",
                                   "body.lines[2].quantity", "body.lines[2].product_id",
                                   "body.lines[2].payout_splits[0].payout_id"));
}

// Sends an empty request to every operation that requires a body, or that has another path
// parameter besides the store.
TEST_F(BadInputTest, EmptyRequestsOfEveryOperation) {
  size_t refused = 0;
  for (const Rpc& rpc : rpcs_) {
    const bool needs_body =
        rpc.body != nullptr && RulesOf(*rpc.body).required() && !rpc.body->is_repeated();
    if (rpc.operation->path_params.size() < 2 && !needs_body) continue;
    const std::vector<std::string> fields = Blamed(stack_.caller().Call(rpc.path, ""));
    EXPECT_THAT(fields, testing::SizeIs(testing::Ge(rpc.operation->path_params.size() - 1)))
        << rpc.name();
    ++refused;
  }
  std::cout << "operations that refuse an empty request: " << refused << "\n";
  EXPECT_GT(refused, 100u);
}

TEST_F(BadInputTest, IdsThatAreNone) {
  for (const char* const id : {"abc", "-1", "+1", " 1", "1 ", "1.0", "0x10", "9223372036854775808",
                               "99999999999999999999999", "\xd9\xa1"}) {
    EXPECT_THAT(Refused(absl::StrCat("store_id: '1' body { customer_id: '", id,
                                     "' lines { quantity: 1 product_id: '", id, "' } }")),
                UnorderedElementsAre("body.customer_id", "body.lines[0].product_id"))
        << id;
    const std::string order = Bytes("GetOrderByIdRequest", absl::StrCat("order_id: '", id, "'"));
    EXPECT_THAT(Blamed(stack_.caller().Call(Method("OrdersService", "GetOrderById"), order)),
                ElementsAre("order_id"))
        << id;
    const std::string orders = Bytes("GetOrdersRequest", absl::StrCat("after: '", id, "'"));
    EXPECT_THAT(Blamed(stack_.caller().Call(Method("OrdersService", "GetOrders"), orders)),
                ElementsAre("after"))
        << id;
  }
}

// Sends an invalid duration in each field that holds a duration.
TEST_F(BadInputTest, DurationsThatAreNone) {
  size_t durations = 0;
  for (const char* const text :
       {"", "P", "PT", "1D", "P1", "P-1D", "PT1D", "P1.5Y1D", "p1d", "3600s"}) {
    for (const Rpc& rpc : rpcs_) {
      if (!rpc.operation->body) continue;
      Sample sample = MakeSample(rpc, {});
      size_t set = 0;
      ForEachNamed(*rpc.operation->body, sample.body,
                   [&](const sandbox::Schema& schema, Json& value) {
                     if (schema.format != "period") return;
                     value = text;
                     ++set;
                   });
      if (set == 0) continue;
      ProtoJson convert;
      const std::string bytes = ToRequest(rpc, sample, convert)->SerializeAsString();
      EXPECT_THAT(Blamed(stack_.caller().Call(rpc.path, bytes)), testing::SizeIs(set)) << text;
      durations += set;
    }
  }
  EXPECT_GT(durations, 0u);
}

TEST_F(BadInputTest, NumbersOutOfBounds) {
  for (const char* const limit : {"0", "101", "-1"}) {
    const std::string orders = Bytes("GetOrdersRequest", absl::StrCat("limit: ", limit));
    EXPECT_THAT(Blamed(stack_.caller().Call(Method("OrdersService", "GetOrders"), orders)),
                ElementsAre("limit"))
        << limit;
  }
}

// A 64-bit value on the wire in a 32-bit field: protobuf's own parser would truncate it to another
// number.
TEST_F(BadInputTest, AQuantityBeyond32Bits) {
  const std::string marked = Bytes(
      "CreateCheckoutSessionRequest",
      "store_id: '1' body { customer_id: '2' lines { quantity: 268435455 product_id: '3' } }");
  const std::string wanted("\x28\xff\xff\xff\x7f", 5);      // quantity, four bytes of varint
  const std::string beyond("\x28\x80\x80\x80\x80\x10", 6);  // 2^32; truncated to 32 bits it is 0
  const size_t at = marked.find(wanted);
  ASSERT_NE(at, std::string::npos);
  std::string bytes = marked;
  bytes.replace(at, wanted.size(), beyond);
  // The lengths of the body and of the line grow by one.
  const size_t body = bytes.find('\x12');
  const size_t line = bytes.find('\x0a', body);
  ASSERT_NE(line, std::string::npos);
  ++bytes[body + 1];
  ++bytes[line + 1];
  EXPECT_THAT(Blamed(Checkout(bytes)), ElementsAre("body.lines[0].quantity"));
}

TEST_F(BadInputTest, MessagesThatAreTooLarge) {
  const std::string text(5 << 20, 'x');
  const std::string bytes = Bytes("CreateCheckoutSessionRequest",
                                  absl::StrReplaceAll(kGoodCheckout, {{"PLACEHOLDER", text}}));
  const Answer answer = Checkout(bytes);
  EXPECT_EQ(answer.status.error_code(), StatusCode::RESOURCE_EXHAUSTED)
      << answer.status.error_message();
  EXPECT_EQ(DetailsOf(answer.status).info.reason(), "REQUEST_TOO_LARGE");
  EXPECT_EQ(DetailsOf(answer.status).Meta("outcome"), "not_sent");
}

// gRPC refuses such calls before the gateway sees them, as the README says.
TEST_F(BadInputTest, LargeMetadataAndFarTooLargeMessagesAreRefusedWithoutAWord) {
  const Answer metadata = stack_.caller().CallWith(Method("OrdersService", "GetOrders"), "",
                                                   {{"cart", std::string(20000, 'x')}});
  EXPECT_EQ(metadata.status.error_code(), StatusCode::RESOURCE_EXHAUSTED)
      << metadata.status.error_message();
  EXPECT_EQ(metadata.status.error_details(), "");
  // gRPC refuses the message, or closes the connection while receiving it.
  const Answer message = Checkout(std::string(17 << 20, 'x'));
  EXPECT_FALSE(message.status.ok());
  EXPECT_EQ(message.status.error_details(), "");
}

TEST_F(BadInputTest, MessagesThatAreCompressed) {
  for (const grpc_compression_algorithm algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    const Answer answer = stack_.caller().CallCompressed(Method("OrdersService", "GetOrders"),
                                                         std::string(1000, '\0'), algorithm);
    EXPECT_EQ(answer.status.error_code(), StatusCode::UNIMPLEMENTED);
    EXPECT_EQ(DetailsOf(answer.status).info.reason(), "REQUEST_COMPRESSED");
    EXPECT_EQ(DetailsOf(answer.status).Meta("outcome"), "not_sent");
  }
}

TEST_F(BadInputTest, MethodsAndServicesThatNobodyServes) {
  for (const std::string& method :
       {Method("CheckoutService", "CreateNothing"), Method("NobodysService", "GetOrders"),
        std::string("/nobody.Knows/Me"), std::string("/x")}) {
    for (const std::string& bytes : {std::string(), std::string(100000, 'x')}) {
      const Answer answer = stack_.caller().Call(method, bytes);
      EXPECT_EQ(answer.status.error_code(), StatusCode::UNIMPLEMENTED) << method;
      const Details details = DetailsOf(answer.status);
      EXPECT_EQ(details.info.reason(), "UNKNOWN_METHOD");
      EXPECT_EQ(details.info.domain(), "billing-gateway");
      EXPECT_EQ(details.Meta("outcome"), "not_sent");
      EXPECT_EQ(details.Meta("operation"), absl::StrReplaceAll(method.substr(1), {{"/", "."}}));
    }
  }
}

TEST_F(BadInputTest, MaskPathsThatNameNothing) {
  const std::string update = Bytes(
      "UpdateCouponForStoreRequest",
      "coupon_id: '1' body { note: 'n' } update_mask { paths: 'note' paths: 'nothing' "
      "paths: 'note.below' paths: '*' paths: '' paths: 'apply_to_tags.x' paths: 'expiresAt' }");
  const Answer answer =
      stack_.caller().Call(Method("CouponsService", "UpdateCouponForStore"), update);
  EXPECT_THAT(Blamed(answer),
              ElementsAre("update_mask.paths[1]", "update_mask.paths[2]", "update_mask.paths[3]",
                          "update_mask.paths[4]", "update_mask.paths[5]", "update_mask.paths[6]"));
}

TEST_F(BadInputTest, WithoutAStoreTheDefaultIsTaken) {
  const std::string bytes = Bytes("GetOrdersRequest", "");
  recorder_.Answer(JsonReply(200, Json::array()));
  const Answer answer = stack_.caller().Call(Method("OrdersService", "GetOrders"), bytes);
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  const std::vector<Arrival> arrivals = recorder_.Take();
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(arrivals[0].target, absl::StrCat("/v1/stores/", kStore, "/orders"));
}

StackOptions WithoutDefaultStore() {
  StackOptions options;
  options.default_store.clear();
  return options;
}

class NoDefaultStoreTest : public BadInputTest {
 protected:
  NoDefaultStoreTest() : BadInputTest(WithoutDefaultStore()) {}
};

TEST_F(NoDefaultStoreTest, EveryRequestMustNameItsStore) {
  size_t refused = 0;
  for (const Rpc& rpc : rpcs_) {
    const FieldDescriptor* store = rpc.method->input_type()->FindFieldByName("store_id");
    if (store == nullptr) continue;
    const Sample sample = MakeSample(rpc, {});
    ProtoJson convert;
    const std::unique_ptr<Message> request = ToRequest(rpc, sample, convert);
    request->GetReflection()->ClearField(request.get(), store);
    EXPECT_THAT(Blamed(stack_.caller().Call(rpc.path, request->SerializeAsString())),
                ElementsAre("store_id"))
        << rpc.name();
    ++refused;
  }
  std::cout << "operations that ask for their store: " << refused << "\n";
  EXPECT_GT(refused, 150u);
}

}  // namespace
}  // namespace gateway::end_to_end
