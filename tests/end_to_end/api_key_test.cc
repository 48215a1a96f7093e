// Tests which API key a request carries, and that no log line and no error shows a key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/contract/counts.h"
#include "tests/end_to_end/support/arrival.h"
#include "tests/end_to_end/support/messages.h"
#include "tests/end_to_end/support/operations.h"
#include "tests/end_to_end/support/stack.h"

namespace gateway::end_to_end {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;
using testing::Not;

constexpr char kDefaultKey[] = "pnapi_v1_key-of-everybody-1f8d";
constexpr char kOwnKey[] = "pnapi_v1_key-of-store-222-9c3e";
constexpr char kOwnStore[] = "222";

StackOptions TwoKeys() {
  StackOptions options;
  options.default_key = kDefaultKey;
  options.store_keys[kOwnStore] = kOwnKey;
  return options;
}

// Calls every operation with a store in its path, for three stores.
TEST(ApiKeyTest, EachStoreGetsItsKey) {
  Stack stack(TwoKeys());
  Recorder recorder(stack.sandbox());
  size_t operations = 0;
  for (const Rpc& rpc : RpcsOf(stack.sandbox().contract())) {
    const FieldDescriptor* store = rpc.method->input_type()->FindFieldByName("store_id");
    for (const char* const id : {"111", kOwnStore, ""}) {
      Sample sample = MakeSample(rpc, {});
      ProtoJson convert;
      const std::unique_ptr<Message> request = ToRequest(rpc, sample, convert);
      if (store != nullptr && *id == '\0') {
        request->GetReflection()->ClearField(request.get(), store);
      } else if (store != nullptr) {
        request->GetReflection()->SetString(request.get(), store, id);
      }
      recorder.Answer(JsonReply(rpc.operation->reply.status, sample.reply));
      const Answer answer = stack.caller().Call(rpc.path, request->SerializeAsString());
      EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
      const std::vector<Arrival> arrivals = recorder.Take();
      ASSERT_EQ(arrivals.size(), 1u) << rpc.name();
      const bool own = store != nullptr && std::string(id) == kOwnStore;
      EXPECT_EQ(arrivals[0].authorization, absl::StrCat("APIKey ", own ? kOwnKey : kDefaultKey))
          << rpc.name();
    }
    ++operations;
  }
  EXPECT_EQ(operations, contract::CountOf("paynow", "operations"));
}

TEST(ApiKeyTest, AStoreWithoutAKeyIsNotServed) {
  StackOptions options = TwoKeys();
  options.default_key.clear();
  Stack stack(options);
  Recorder recorder(stack.sandbox());
  recorder.Answer(JsonReply(200, Json::array()));
  const std::string method = Method("OrdersService", "GetOrders");
  const Answer refused = stack.caller().Call(method, Bytes("GetOrdersRequest", "store_id: '111'"));
  EXPECT_EQ(refused.status.error_code(), StatusCode::UNAUTHENTICATED);
  const Details details = DetailsOf(refused.status);
  EXPECT_EQ(details.info.reason(), "NO_API_KEY");
  EXPECT_EQ(details.info.domain(), "billing-gateway");
  EXPECT_EQ(details.Meta("outcome"), "not_sent");
  EXPECT_EQ(recorder.count(), 0u);

  const Answer served = stack.caller().Call(method, Bytes("GetOrdersRequest", "store_id: '222'"));
  EXPECT_TRUE(served.status.ok()) << served.status.error_message();
}

// The gateway does not forward the caller's own credentials.
TEST(ApiKeyTest, NothingOfTheCallersMetadataIsSent) {
  Stack stack(TwoKeys());
  Recorder recorder(stack.sandbox());
  recorder.Answer(JsonReply(200, Json::array()));
  grpc::GenericStub stub(grpc::CreateChannel(absl::StrCat("127.0.0.1:", stack.gateway().port()),
                                             grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer of-the-caller");
  context.AddMetadata("x-paynow-store-id", "333");
  grpc::CompletionQueue queue;
  grpc::ByteBuffer request, reply;
  const std::string method = Method("OrdersService", "GetOrders");
  const grpc::Slice empty;
  request = grpc::ByteBuffer(&empty, 1);
  grpc::Status status;
  const auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
  call->StartCall();
  call->Finish(&reply, &status, nullptr);
  void* tag;
  bool ok;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_TRUE(status.ok()) << status.error_message();
  const std::vector<Arrival> arrivals = recorder.Take();
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(arrivals[0].authorization, absl::StrCat("APIKey ", kDefaultKey));
}

// Triggers every log line and every error, with replies that would put the key into a parser's
// message if that were possible.
TEST(ApiKeyTest, NoKeyIsLoggedOrTold) {
  testing::internal::CaptureStderr();
  std::string told;
  {
    Stack stack(TwoKeys());
    Recorder recorder(stack.sandbox());
    const std::vector<Rpc> rpcs = RpcsOf(stack.sandbox().contract());
    const std::vector<sandbox::Reply> replies = {
        {401, R"({"code": "unauthorized", "message": "bad key"})", "application/json", {}},
        {403, "", "application/json", {}},
        {500, R"({"message": "oops"})", "application/json", {}},
        {503, "<html>", "text/html", {}},
        {302, "", "text/html", {{"Location", "http://127.0.0.1:1/"}}},
        {200, "nonsense", "application/json", {}},
        {200, R"({"id": "1", "brand_new": 1, "status": "unheard-of"})", "application/json", {}},
    };
    for (const sandbox::Reply& reply : replies) {
      for (const char* const operation : {kRead, kRefund, kCheckout, kDelete}) {
        ReadyCall call = Ready(rpcs, operation);
        recorder.Answer(reply);
        const Answer answer = stack.caller().Call(call.rpc->path, call.bytes);
        absl::StrAppend(&told, answer.status.error_message(), answer.status.error_details(),
                        answer.message);
        for (const auto& [name, value] : answer.trailers) absl::StrAppend(&told, name, value);
      }
    }
    // The read that got a 503 was sent three times.
    EXPECT_EQ(recorder.count(), replies.size() * 4 + 2);
  }
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_THAT(logged, HasSubstr("a write ended with outcome unknown"));
  EXPECT_THAT(logged, HasSubstr("the upstream's contract has moved"));
  for (const char* const secret : {kDefaultKey, kOwnKey, "pnapi_v1"}) {
    EXPECT_THAT(logged, Not(HasSubstr(secret)));
    EXPECT_THAT(told, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace gateway::end_to_end
