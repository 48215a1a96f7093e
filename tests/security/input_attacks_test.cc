// Attacks inside an allowed call: input from the caller must be treated as data only.
#include <google/protobuf/message.h>
#include <grpcpp/generic/generic_stub.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/end_to_end/support/sample.h"
#include "tests/security/victim.h"
#include "upstream/mapping/wire.h"
#include "upstream/sandbox/bundle.h"

namespace gateway::security {
namespace {

using end_to_end::FieldDescriptor;
using end_to_end::Message;
using end_to_end::Rpc;
using enum grpc::StatusCode;

class InputAttacks : public AttackTest {
 protected:
  static grpc::Status Send(const std::string& method, const std::string& bytes) {
    return StatusOf(victim().address(), method, bytes, victim().Root());
  }

  // Visits every operation of every provider, with a full request.
  static void ForEachRpc(const std::function<void(const Rpc& rpc, Message& request)>& visit) {
    for (const char* provider : {"paynow", "paymentkit", "qashier", "convergegate"}) {
      const sandbox::Contract& contract = *sandbox::ContractOf(provider).value();
      for (const Rpc& rpc : end_to_end::RpcsOf(contract)) {
        end_to_end::ProtoJson convert;
        visit(rpc, *ToRequest(rpc, end_to_end::MakeSample(rpc, {}), convert));
      }
    }
  }

  // Returns the string fields of the request itself, which may go into a path or a query.
  static std::vector<const FieldDescriptor*> TextsOf(const Rpc& rpc) {
    std::vector<const FieldDescriptor*> fields;
    for (int i = 0; i < rpc.method->input_type()->field_count(); ++i) {
      const FieldDescriptor* field = rpc.method->input_type()->field(i);
      if (field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated()) {
        fields.push_back(field);
      }
    }
    return fields;
  }

  // Sends the request once for each of its string fields, with `text` in that field. Calls `check`
  // with each request that arrives. Returns how many arrived.
  int Sweep(const Rpc& rpc, const Message& request, const std::string& text,
            const std::function<void(const http::Received&)>& check) {
    int arrived = 0;
    for (const FieldDescriptor* field : TextsOf(rpc)) {
      const std::unique_ptr<Message> evil(request.New());
      evil->CopyFrom(request);
      evil->GetReflection()->SetString(evil.get(), field, text);
      const int before = Arrived();
      const grpc::Status status = Send(rpc.path.substr(1), evil->SerializeAsString());
      if (Arrived() == before) {
        EXPECT_EQ(status.error_code(), INVALID_ARGUMENT)
            << field->full_name() << ": " << status.error_message();
        continue;
      }
      ++arrived;
      check(victim().upstream().received().back());
    }
    return arrived;
  }
};

// No value adds or removes a path segment: a sent path has as many segments as its template.
TEST_F(InputAttacks, Attack34PathValuesDotsSlashesEscapes) {
  int sent = 0;
  int arrived = 0;
  ForEachRpc([&](const Rpc& rpc, Message& request) {
    const auto slashes = [](absl::string_view target) {
      const absl::string_view path = target.substr(0, target.find('?'));
      return std::count(path.begin(), path.end(), '/');
    };
    const int before = Arrived();
    Send(rpc.path.substr(1), request.SerializeAsString());
    ASSERT_EQ(Arrived(), before + 1) << rpc.name();
    const auto expected = slashes(victim().upstream().received().back().target);
    for (const char* text : {".", "..", "%2e%2e", "%2E", "a/../b", "/", "//evil.example/", "a\\b",
                             "a?b=c", "a#b", "a;b", "%00", "..%2f", ""}) {
      sent += static_cast<int>(TextsOf(rpc).size());
      arrived += Sweep(rpc, request, text, [&](const http::Received& received) {
        EXPECT_EQ(slashes(received.target), expected) << rpc.name() << " " << received.target;
        for (const absl::string_view part :
             absl::StrSplit(received.target.substr(0, received.target.find('?')), '/')) {
          EXPECT_TRUE(part != "." && part != "..") << rpc.name() << " " << received.target;
        }
        EXPECT_FALSE(absl::StrContains(received.target, '#')) << received.target;
      });
    }
  });
  EXPECT_GT(arrived, 100);
  Saw(absl::StrCat(sent, " sent, ", arrived, " arrived as data"));
}

TEST_F(InputAttacks, Attack35CRLFAndNULInEveryTextOfARequest) {
  int sent = 0;
  int arrived = 0;
  ForEachRpc([&](const Rpc& rpc, Message& request) {
    for (const std::string& text :
         {std::string("x\r\nX-Injected: 1\r\n\r\n"), std::string("x\nX-Injected: 1"),
          std::string("x\0X-Injected", 12), std::string("x HTTP/1.1\r\nX-Injected: 1"),
          std::string("x\xe5\x98\x8a\xe5\x98\x8dX-Injected: 1")}) {
      sent += static_cast<int>(TextsOf(rpc).size());
      arrived += Sweep(rpc, request, text, [&](const http::Received& received) {
        EXPECT_EQ(received.Header("X-Injected"), "") << rpc.name();
        EXPECT_EQ(received.target.find_first_of(std::string("\r\n \0", 4)), std::string::npos)
            << rpc.name() << " " << received.target;
      });
    }
  });
  EXPECT_GT(arrived, 100);
  Saw(absl::StrCat(sent, " sent, ", arrived, " arrived as data"));
}

TEST_F(InputAttacks, Attack36HeadersOfTheCallerToTheUpstream) {
  RpcOptions root = victim().Root();
  root.metadata = {{"x-api-key", "mine"},    {"cookie", "a=b"},  {"x-forwarded-for", "::1"},
                   {"host", "evil.example"}, {"apikey", "mine"}, {"content-length", "7"}};
  Call(kGetOrders, "{}", root);
  ASSERT_EQ(Arrived(), 1);
  const http::Received received = victim().upstream().received().back();
  for (const char* name : {"x-api-key", "cookie", "x-forwarded-for", "apikey", "content-length"}) {
    EXPECT_EQ(received.Header(name), "") << name;
  }
  EXPECT_TRUE(absl::StartsWith(received.Header("Host"), "127.0.0.1:"));
  EXPECT_EQ(received.Header("Authorization"), absl::StrCat("APIKey ", kMarker, "/default-key"));
  Saw("none arrives");
}

TEST_F(InputAttacks, Attack37IdempotencyKeyAsASecondHeader) {
  const std::string request = R"({"id": "s"})";
  for (const std::string& key : {std::string("a b"), std::string("a: b"), std::string(300, 'k')}) {
    RpcOptions root = victim().Root();
    root.metadata = {{"idempotency-key", key}};
    ExpectRefused(
        Call("qashier.v1.CheckoutSessionsService/ExpireCheckoutSession", request, root).status,
        INVALID_ARGUMENT, "INVALID_REQUEST");
  }
}

TEST_F(InputAttacks, Attack38ARequestThatIsTooLarge) {
  const grpc::Status status = Send(kGetOrders, std::string(size_t{5} * 1024 * 1024, 'x'));
  ExpectRefused(status, RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE");
}

TEST_F(InputAttacks, Attack39ACompressedRequestOf256MB) {
  const size_t before = victim().PeakMemory();
  grpc::GenericStub stub(victim().Root().channel);
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
  // Compressed on the wire to a thousandth of its size, far below the message limit.
  const grpc::Slice slice(std::string(size_t{256} * 1024 * 1024, 'x'));
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, absl::StrCat("/", kGetOrders),
                                          grpc::ByteBuffer(&slice, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  void* tag;
  bool ok;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ExpectRefused(status, UNIMPLEMENTED, "REQUEST_COMPRESSED");
  const size_t grown = (victim().PeakMemory() - before) / (size_t{1024} * 1024);
  EXPECT_LT(grown, 64u);
  Saw(absl::StrCat("UNIMPLEMENTED, ", grown, " MB"));
}

TEST_F(InputAttacks, Attack40AMillionSmallMetadataKeys) {
  RpcOptions root = victim().Root();
  root.channel = OwnChannel(victim().address(), root.credentials);
  for (int i = 0; i < 1'000'000; ++i) root.metadata.emplace(absl::StrCat("k", i), "v");
  const grpc::Status status = Call(kGetOrders, "{}", root).status;
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(Arrived(), 0);
  Saw("refused");
}

// Encodes nested messages by hand, because protobuf's own writer does not go that deep.
TEST_F(InputAttacks, Attack41DeepNestingInARequest) {
  std::string value;  // google.protobuf.Value{list_value{values{...}}}
  for (int i = 0; i < 10'000; ++i) {
    std::string list;
    mapping::WireWriter(list).Tag(1, mapping::WireType::kBytes);
    mapping::WireWriter(list).Bytes(value);
    value.clear();
    mapping::WireWriter(value).Tag(6, mapping::WireType::kBytes);
    mapping::WireWriter(value).Bytes(list);
  }
  ForEachRpc([&](const Rpc& rpc, Message& request) {
    const FieldDescriptor* body = rpc.body;
    if (body == nullptr || body->message_type() == nullptr) return;
    for (int i = 0; i < body->message_type()->field_count(); ++i) {
      const FieldDescriptor* field = body->message_type()->field(i);
      const bool free = field->message_type() != nullptr &&
                        absl::StartsWith(field->message_type()->full_name(), "google.protobuf.") &&
                        !field->is_map();
      if (!free) continue;
      std::string inner;
      mapping::WireWriter(inner).Tag(static_cast<uint32_t>(field->number()),
                                     mapping::WireType::kBytes);
      mapping::WireWriter(inner).Bytes(value);
      std::string bytes = request.SerializeAsString();
      mapping::WireWriter(bytes).Tag(static_cast<uint32_t>(body->number()),
                                     mapping::WireType::kBytes);
      mapping::WireWriter(bytes).Bytes(inner);
      EXPECT_EQ(Send(rpc.path.substr(1), bytes).error_code(), INVALID_ARGUMENT) << rpc.name();
    }
  });
  EXPECT_EQ(Arrived(), 0);
  Saw("INVALID_ARGUMENT");
}

TEST_F(InputAttacks, Attack42BytesThatAreNoMessage) {
  for (const std::string& bytes :
       {std::string(1000, '\xff'), std::string("\x0a\xff\xff\xff\xff\x0f", 6), std::string("\x0b"),
        std::string("\x0a\x05"
                    "ab"),
        std::string(16, '\0')}) {
    ExpectRefused(Send(kGetOrders, bytes), INVALID_ARGUMENT, "INVALID_REQUEST");
    ExpectRefused(Send(kRefund, bytes), INVALID_ARGUMENT, "INVALID_REQUEST");
  }
}

}  // namespace
}  // namespace gateway::security
