#include "upstream/mapping/request/request_identity.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "upstream/mapping/request/serialized.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {
namespace {

using google::protobuf::Message;

std::string Deterministic(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

// Returns the last field with this number, or nullopt if there is none.
std::optional<WireValue> FieldIn(absl::string_view message, uint32_t number) {
  std::optional<WireValue> found;
  WireReader reader(message);
  while (!reader.done()) {
    uint32_t at = 0;
    WireValue value;
    if (!reader.ReadField(at, value)) return found;
    if (at == number) found = value;
  }
  return found;
}

// "042" must give the same guard as "42".
std::string WithoutLeadingZeros(absl::string_view text) {
  const size_t digit = text.find_first_not_of('0');
  const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  return std::string(is_number && digit != text.npos ? text.substr(digit) : text);
}

// Returns "" if the field is not set, or empty.
std::string TextIn(absl::string_view message, const FieldPath& path) {
  std::optional<WireValue> value;
  for (const google::protobuf::FieldDescriptor* const field : path) {
    value = FieldIn(message, static_cast<uint32_t>(field->number()));
    if (!value) return "";
    message = value->bytes;
  }
  return value->type == WireType::kVarint ? absl::StrCat(static_cast<int64_t>(value->bits))
                                          : WithoutLeadingZeros(value->bytes);
}

// `message` must be serialized, so that it holds each singular field once. A value that is required
// may still be empty; then all such requests have the same guard.
std::string GuardOf(const Route& route, absl::string_view message) {
  if (route.once.guards.empty()) return "";
  for (const Guard& guard : route.once.guards) {
    const std::string text = TextIn(message, guard.field);
    if (!text.empty()) return absl::StrCat(route.full_name, " ", guard.kind, text);
  }
  return absl::StrCat(route.full_name, " ");
}

std::string SerializedAnew(const Route& route, absl::string_view message) {
  const std::unique_ptr<Message> request(route.request_prototype->New());
  request->ParsePartialFromArray(message.data(), static_cast<int>(message.size()));
  return Deterministic(*request);
}

}  // namespace

RequestIdentity IdentityOf(const Route& route, absl::string_view message) {
  RequestIdentity identity;
  identity.bytes =
      IsSerialized(*route.request, message) ? std::string(message) : SerializedAnew(route, message);
  identity.guard = GuardOf(route, identity.bytes);
  return identity;
}

}  // namespace gateway::mapping
