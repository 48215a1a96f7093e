#include "upstream/mapping/reply/reply_floor.h"

#include "upstream/mapping/error_body.h"
#include "upstream/mapping/json_mend.h"

namespace gateway::mapping {
namespace {

constexpr absl::string_view kPage = "it is a page for people";
constexpr absl::string_view kError = "it is an error that calls itself a success";
constexpr absl::string_view kNothing = "nothing that is documented is in it";

const MessagePlan& ObjectOf(const Route& route) {
  return route.reply_field == nullptr ? *route.reply : *route.reply_field->message;
}

// Null says that there is no value, which is something where null is documented.
bool HasAllRequired(const MessagePlan& plan, const FieldSet& seen, const FieldSet& set) {
  bool all = true;
  plan.required.ForEachNotIn(
      set, [&](uint32_t index) { all &= plan.fields[index].nullable && seen.Contains(index); });
  return all;
}

bool IsNothingButAnError(const Route& route, absl::string_view body) {
  return !ReadNothingButAnError(*route.provider, body).empty();
}

// {} and nothing else.
bool IsBare(absl::string_view body) {
  body = JsonContent(body);
  return JsonContent(body.substr(1, body.size() - 2)).empty();
}

absl::string_view AgainstObject(const Route& route, absl::string_view body, const FieldSet& seen,
                                const FieldSet& set) {
  const MessagePlan& plan = ObjectOf(route);
  const bool complete = HasAllRequired(plan, seen, set);
  if (complete && !plan.required.empty()) return "";
  if (!seen.Meets(route.telling)) {
    if (IsNothingButAnError(route, body)) return kError;
    const bool may_be_empty = route.reply_may_be_empty || route.telling.empty();
    return may_be_empty || (complete && IsBare(body)) ? "" : kNothing;
  }
  if (complete) return "";
  const auto documented = [&plan](absl::string_view name) {
    return plan.ByWireName(name) != nullptr;
  };
  return HasErrorParts(*route.provider, body, documented) ? kError : "";
}

}  // namespace

absl::string_view AgainstUndocumented(const Route& route, const http::Response& response) {
  if (JsonContent(response.body).empty()) return "";
  if (IsPage(response)) return kPage;
  return IsNothingButAnError(route, response.body) ? kError : "";
}

absl::string_view AgainstDocumented(const Route& route, absl::string_view body, bool object,
                                    const FieldSet& seen, const FieldSet& set) {
  if (object) return AgainstObject(route, body, seen, set);
  const bool may_be_an_error = body.front() == '{';
  return may_be_an_error && IsNothingButAnError(route, body) ? kError : "";
}

}  // namespace gateway::mapping
