#include "upstream/webhooks/event_summary.h"

#include <simdjson.h>

#include <string_view>

#include "absl/strings/str_cat.h"

namespace gateway::webhooks {
namespace {

namespace dom = simdjson::dom;

// A scalar as text: ids may be numbers, as everywhere.
std::string TextAt(dom::element event, absl::string_view pointer) {
  dom::element value;
  if (pointer.empty() ||
      event.at_pointer(std::string_view(pointer.data(), pointer.size())).get(value)) {
    return "";
  }
  std::string_view text;
  int64_t number;
  uint64_t large;
  if (!value.get_string().get(text)) return std::string(text);
  if (!value.get_int64().get(number)) return absl::StrCat(number);
  if (!value.get_uint64().get(large)) return absl::StrCat(large);
  return "";
}

std::string MemberOf(dom::element event, absl::string_view name) {
  return name.empty() ? "" : TextAt(event, absl::StrCat("/", name));
}

}  // namespace

std::optional<Summary> Summarize(const Scheme& scheme, absl::string_view body) {
  thread_local dom::parser parser;
  dom::element event;
  if (parser.parse(body.data(), body.size()).get(event) || !event.is_object()) {
    return std::nullopt;
  }
  Summary summary;
  summary.id = MemberOf(event, scheme.id());
  summary.type = MemberOf(event, scheme.type());
  summary.store = TextAt(event, scheme.store());
  for (const std::string& resource : scheme.resource()) {
    summary.resource = TextAt(event, resource);
    if (!summary.resource.empty()) break;
  }
  return summary;
}

}  // namespace gateway::webhooks
