#include "upstream/webhooks/event_summary.h"

#include <simdjson.h>

#include <algorithm>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/mapping/json_mend.h"

namespace gateway::webhooks {
namespace {

namespace dom = simdjson::dom;

// Parses the body, and mends it if necessary. Returns nullopt if the body is no JSON object. The
// element is valid until this thread calls Parse again.
std::optional<dom::element> Parse(absl::string_view body) {
  thread_local dom::parser parser;
  dom::element event;
  body = mapping::JsonContent(body);
  if (parser.parse(body.data(), body.size()).get(event)) {
    const std::optional<mapping::MendedJson> mended = mapping::MendJson(body);
    if (!mended || parser.parse(mended->text).get(event)) return std::nullopt;
  }
  if (!event.is_object()) return std::nullopt;
  return event;
}

// Returns a text or an integer as text, because an id may be a number; "" for any other value.
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

void AddFact(const Scheme& scheme, dom::element event, Summary& summary) {
  for (const signing::v1::Fact& fact : scheme.fact()) {
    const auto& types = fact.types();
    if (std::find(types.begin(), types.end(), summary.type) == types.end()) continue;
    summary.fact_id = TextAt(event, fact.id());
    if (summary.fact_id.empty()) continue;
    summary.fact_type = fact.types(0);
    return;
  }
}

}  // namespace

std::optional<Summary> Summarize(const Scheme& scheme, absl::string_view body) {
  const std::optional<dom::element> parsed = Parse(body);
  if (!parsed) return std::nullopt;
  const dom::element event = *parsed;
  Summary summary;
  summary.id = MemberOf(event, scheme.id());
  // The mending of the JSON may have made two different ids equal.
  if (absl::StrContains(summary.id, mapping::kReplacement)) summary.id.clear();
  summary.type = MemberOf(event, scheme.type());
  summary.store = TextAt(event, scheme.store());
  for (const std::string& resource : scheme.resource()) {
    summary.resource = TextAt(event, resource);
    if (!summary.resource.empty()) break;
  }
  AddFact(scheme, event, summary);
  return summary;
}

std::vector<std::string> TextsAt(absl::Span<const absl::string_view> pointers,
                                 absl::string_view body) {
  std::vector<std::string> texts;
  const std::optional<dom::element> event = Parse(body);
  if (!event) return texts;
  for (const absl::string_view pointer : pointers) texts.push_back(TextAt(*event, pointer));
  return texts;
}

}  // namespace gateway::webhooks
