#include "upstream/webhooks/request_reader.h"

#include "absl/strings/str_cat.h"
#include "upstream/mapping/wire.h"

namespace gateway::webhooks {
namespace {

using mapping::WireReader;
using mapping::WireType;
using mapping::WireValue;

// Field numbers of the messages in gateway/webhooks/v1/webhooks.proto.
constexpr uint32_t kProvider = 1;
constexpr uint32_t kHeaders = 2;
constexpr uint32_t kBody = 3;
constexpr uint32_t kHeaderName = 1;
constexpr uint32_t kHeaderValue = 2;

// Calls visit(number, bytes) -> bool for each field, until `visit` returns false. These messages
// only have fields of the wire type for bytes. Returns what is wrong, or "".
template <typename Visit>
std::string ForEachField(absl::string_view bytes, Visit visit) {
  WireReader reader(bytes);
  while (!reader.done()) {
    uint32_t number;
    WireValue value;
    if (!reader.ReadField(number, value)) return "is not a valid message";
    if (value.type != WireType::kBytes || !visit(number, value.bytes)) {
      return absl::StrCat("has an unknown field ", number);
    }
  }
  return "";
}

std::string ReadHeader(absl::string_view bytes, Header& header) {
  return ForEachField(bytes, [&](uint32_t number, absl::string_view value) {
    if (number == kHeaderName) header.name = value;
    if (number == kHeaderValue) header.value = value;
    return number == kHeaderName || number == kHeaderValue;
  });
}

}  // namespace

std::variant<Request, BadRequest> ReadRequest(absl::string_view bytes) {
  Request request;
  std::string header_problem;
  std::string problem = ForEachField(bytes, [&](uint32_t number, absl::string_view value) {
    if (number == kProvider) request.provider = value;
    if (number == kBody) request.body = value;
    if (number == kHeaders) {
      std::string wrong = ReadHeader(value, request.headers.emplace_back());
      if (!wrong.empty()) header_problem = absl::StrCat("a header ", wrong);
    }
    return number >= kProvider && number <= kBody;
  });
  if (problem.empty()) problem = std::move(header_problem);
  if (!problem.empty()) return BadRequest{std::move(problem)};
  return request;
}

}  // namespace gateway::webhooks
