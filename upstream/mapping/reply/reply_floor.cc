#include "upstream/mapping/reply/reply_floor.h"

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "upstream/mapping/error_body.h"
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

// Of a body in which nothing is documented.
bool IsAnError(const Route& route, absl::string_view body) {
  return IsNothingButAnError(route, body) || SaysFailure(body);
}

// The text of a list's first element; "" if that is no object, or a large one.
absl::string_view FirstObject(absl::string_view body) {
  constexpr size_t kMost = 4096;
  if (!absl::ConsumePrefix(&body, "[")) return "";
  body = JsonContent(body).substr(0, kMost);
  if (!absl::StartsWith(body, "{")) return "";
  int depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < body.size(); ++i) {
    if (in_text && body[i] == '\\') {
      ++i;
    } else if (body[i] == '"') {
      in_text = !in_text;
    } else if (!in_text && body[i] == '{') {
      ++depth;
    } else if (!in_text && body[i] == '}' && --depth == 0) {
      return body.substr(0, i + 1);
    }
  }
  return "";
}

// A list that begins with an error has nothing documented in its first element.
bool BeginsWithAnError(const Route& route, absl::string_view body) {
  const absl::string_view first = FirstObject(body);
  if (first.empty() || route.reply_field == nullptr || route.reply_field->message == nullptr) {
    return false;
  }
  const auto element = nlohmann::json::parse(first.begin(), first.end(), nullptr, false);
  for (const auto& member : element.items()) {
    if (route.reply_field->message->ByWireName(member.key()) != nullptr) return false;
  }
  return IsAnError(route, first);
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
    if (IsAnError(route, body)) return kError;
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
  return IsAnError(route, response.body) ? kError : "";
}

absl::string_view AgainstDocumented(const Route& route, absl::string_view body, bool object,
                                    const FieldSet& seen, const FieldSet& set) {
  if (object) return AgainstObject(route, body, seen, set);
  if (body.front() == '[') return BeginsWithAnError(route, body) ? kError : "";
  return body.front() == '{' && IsNothingButAnError(route, body) ? kError : "";
}

}  // namespace gateway::mapping
