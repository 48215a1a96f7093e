#include "upstream/mapping/request/request_identity.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <memory>

#include "absl/strings/str_cat.h"

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

std::string GuardOf(const Route& route, const Message& request) {
  if (route.once.guard.empty()) return "";
  const std::string value = TextAt(request, route.once.guard).value_or("");
  return value.empty() ? "" : absl::StrCat(route.full_name, " ", value);
}

}  // namespace

RequestIdentity IdentityOf(const Route& route, absl::string_view message) {
  const std::unique_ptr<Message> request(route.request_prototype->New());
  request->ParsePartialFromArray(message.data(), static_cast<int>(message.size()));
  return {Deterministic(*request), GuardOf(route, *request)};
}

}  // namespace gateway::mapping
