#include "upstream/mapping/reply/reply_floor.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "upstream/mapping/error_body.h"
#include "upstream/mapping/false_success.h"
#include "upstream/mapping/json_mend.h"
#include "upstream/mapping/says_failure.h"

namespace gateway::mapping {
namespace {

constexpr absl::string_view kPage = "it is a page for people";
constexpr absl::string_view kError = "it is an error that calls itself a success";
constexpr absl::string_view kNothing = "nothing that is documented is in it";

const MessagePlan& ObjectOf(const Route& route) {
  return route.reply_field == nullptr ? *route.reply : *route.reply_field->message;
}

// The fields that count as present in a reply: the set fields, and null fields if no member is
// required, or if the field itself is required and may be null.
FieldSet Told(const MessagePlan& plan, const FieldSet& seen, FieldSet set) {
  FieldSet told = set;
  seen.ForEachNotIn(set, [&](uint32_t index) {
    const FieldPlan& field = plan.fields[index];
    if (plan.required.empty() || (field.required && field.nullable)) told.Insert(index);
  });
  return told;
}

bool SkipNothing(absl::string_view, const nlohmann::json&) { return false; }

// Whether a body without any documented member is an error.
bool IsAnError(const Route& route, absl::string_view body) {
  return !ReadErrorInstead(*route.provider, body, SkipNothing).empty() || SaysFailure(body);
}

// Whether the reply documents this member. An enum's member with an unknown text counts as not
// documented.
bool IsDocumented(const MessagePlan& plan, absl::string_view name, const nlohmann::json& value) {
  const FieldPlan* const field = plan.ByWireName(name);
  if (field == nullptr) return false;
  if (field->kind != Kind::kEnum || !value.is_string()) return true;
  return field->enumeration->NumberOf(value.get_ref<const std::string&>()).has_value();
}

// A filter for the members that a message documents. `plan` may be null.
auto DocumentedIn(const MessagePlan* plan) {
  return [plan](absl::string_view name, const nlohmann::json& value) {
    return plan != nullptr && IsDocumented(*plan, name, value);
  };
}

struct Element {
  absl::string_view text;     // "" if the element is larger than kMost
  bool may_be_error = false;  // by the names of its members
};

// Reads the object that the body begins with, without a parser.
Element ElementAtBegin(const v1::Provider& provider, absl::string_view body) {
  constexpr size_t kMost = 4096;
  constexpr size_t kNone = absl::string_view::npos;
  body = body.substr(0, kMost);
  Element element;
  int depth = 0;
  bool name_is_next = false;
  size_t quote = kNone;  // of the string that has begun; kNone outside of strings
  bool is_name = false;
  for (size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (quote != kNone) {
      if (c == '\\') ++i;
      if (c != '"') continue;
      const absl::string_view text = body.substr(quote + 1, i - quote - 1);
      if (is_name) element.may_be_error |= MayBeInError(provider, text);
      quote = kNone;
    } else if (c == '"') {
      quote = i;
      is_name = std::exchange(name_is_next, false);
    } else if (c == '{' || c == '[') {
      name_is_next = ++depth == 1;
    } else if (c == '}' || c == ']') {
      if (--depth == 0) {
        element.text = body.substr(0, i + 1);
        return element;
      }
    } else if (c == ',') {
      name_is_next = depth == 1;
    }
  }
  return element;
}

// Whether an element of a list is an error. Only elements without a documented member are judged,
// each by its own text. The cost is linear: only an element that may be an error is parsed, and not
// more than kMostParsed bytes in all.
bool HasErrorAsElement(const Route& route, absl::string_view body, const WireFromJson& reader) {
  constexpr size_t kMostParsed = size_t{256} * 1024;
  size_t parsed = 0;
  for (const char* const begin : reader.strangers()) {
    const Element element =
        ElementAtBegin(*route.provider, body.substr(static_cast<size_t>(begin - body.data())));
    if (element.text.empty() || !element.may_be_error) continue;
    parsed += element.text.size();
    if (parsed > kMostParsed) return false;
    if (IsAnError(route, element.text)) return true;
  }
  return false;
}

// Whether the undocumented members of a complete reply contradict it. Their names are looked at
// first: most replies have no such members, and are not parsed again.
bool IsContradicted(const Route& route, absl::string_view body, const WireFromJson& reader,
                    MemberFilter documented) {
  const v1::Provider& provider = *route.provider;
  return absl::c_any_of(
             reader.others(),
             [&](absl::string_view name) { return MayContradictReply(provider, name); }) &&
         ContradictsReply(provider, body, documented);
}

// {} and nothing else.
bool IsBare(absl::string_view body) {
  body = JsonContent(body);
  return JsonContent(body.substr(1, body.size() - 2)).empty();
}

// Whether at least half of the fields, and more than two, are present. Then the reply counts as
// complete although no member is required. One or two members, such as a status, may also belong to
// an error.
bool IsMostOfIt(const FieldSet& told, const FieldSet& all) {
  constexpr size_t kFew = 2;
  size_t missing = 0;
  size_t total = 0;
  all.ForEachNotIn(told, [&](uint32_t) { ++missing; });
  all.ForEachNotIn({}, [&](uint32_t) { ++total; });
  return 2 * missing <= total && total - missing > kFew;
}

absl::string_view AgainstObject(const Route& route, absl::string_view body,
                                const WireFromJson& reader) {
  const MessagePlan& plan = ObjectOf(route);
  const auto documented = DocumentedIn(&plan);
  const bool complete = reader.complete();
  if (complete && !plan.required.empty()) {
    return IsContradicted(route, body, reader, documented) ? kError : "";
  }
  const FieldSet told = Told(plan, reader.seen(), reader.set());
  if (!told.Meets(route.telling)) {
    if (IsAnError(route, body)) return kError;
    const bool may_be_empty = route.reply_may_be_empty || route.telling.empty();
    return may_be_empty || (complete && IsBare(body)) ? "" : kNothing;
  }
  if (complete) {
    const bool contradicted = IsMostOfIt(told, route.telling)
                                  ? IsContradicted(route, body, reader, documented)
                                  : ContradictsSuccess(*route.provider, body, documented);
    return contradicted ? kError : "";
  }
  return HasErrorParts(*route.provider, body, documented) ||
                 ContradictsSuccess(*route.provider, body, documented)
             ? kError
             : "";
}

}  // namespace

absl::string_view AgainstUndocumented(const Route& route, const http::Response& response) {
  if (JsonContent(response.body).empty()) return "";
  if (IsPage(response)) return kPage;
  // Problem details, RFC 9457.
  const bool problem =
      absl::StartsWithIgnoreCase(response.Header("content-type"), "application/problem+");
  return problem || IsAnError(route, response.body) ? kError : "";
}

ErrorParts ErrorInsteadOfReply(const Route& route, absl::string_view body) {
  const MessagePlan* const plan =
      route.reply_field == nullptr ? route.reply : route.reply_field->message;
  return ReadErrorInstead(*route.provider, body, DocumentedIn(plan));
}

absl::string_view AgainstDocumented(const Route& route, absl::string_view body, bool object,
                                    const WireFromJson& reader) {
  // Most replies are complete, and have no undocumented members.
  if (object && reader.complete() && reader.others().empty() && !ObjectOf(route).required.empty()) {
    return "";
  }
  if (HasErrorAsElement(route, body, reader)) return kError;
  if (object) return AgainstObject(route, body, reader);
  const bool error = body.front() == '{' && !ReadNothingButAnError(*route.provider, body).empty();
  return error ? kError : "";
}

}  // namespace gateway::mapping
