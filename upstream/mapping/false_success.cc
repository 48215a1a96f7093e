#include "upstream/mapping/false_success.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "upstream/mapping/json_mend.h"
#include "upstream/mapping/says_failure.h"

namespace gateway::mapping {
namespace {

using nlohmann::json;

// The names of the members of common errors, and of members that often stand beside them. In lower
// case.
constexpr absl::string_view kErrorMembers[] = {"code",
                                               "description",
                                               "detail",
                                               "details",
                                               "error",
                                               "error_code",
                                               "error_description",
                                               "error_message",
                                               "errorcode",
                                               "errormessage",
                                               "errors",
                                               "instance",
                                               "message",
                                               "msg",
                                               "path",
                                               "reason",
                                               "request_id",
                                               "requestid",
                                               "status",
                                               "status_code",
                                               "statuscode",
                                               "success",
                                               "timestamp",
                                               "title",
                                               "trace_id",
                                               "traceid",
                                               "type"};

bool IsCommonErrorMember(absl::string_view name) {
  return std::find(std::begin(kErrorMembers), std::end(kErrorMembers),
                   absl::AsciiStrToLower(name)) != std::end(kErrorMembers);
}

// The name of an object's first member; "" if only a parser can find it.
absl::string_view FirstMember(absl::string_view body) {
  body = JsonContent(body);
  if (!absl::ConsumePrefix(&body, "{")) return "";
  body = JsonContent(body);
  if (!absl::ConsumePrefix(&body, "\"")) return "";
  const size_t end = body.find_first_of("\"\\");
  return end == absl::string_view::npos || body[end] == '\\' ? "" : body.substr(0, end);
}

// {"status": "ok", "message": "deleted"} has the members of an error, but is not an error.
bool SaysSuccess(const json& body) {
  for (const char* const name : {"status", "code", "success", "status_code", "statusCode"}) {
    const auto member = body.find(name);
    if (member == body.end()) continue;
    if (member->is_boolean() && member->get<bool>()) return true;
    if (member->is_number_integer()) {
      const auto number = member->get<int64_t>();
      if (number == 0 || (number >= 200 && number < 300)) return true;
    }
    if (member->is_string()) {
      const std::string text = absl::AsciiStrToLower(member->get_ref<const std::string&>());
      if (text == "ok" || text == "success" || text == "succeeded") return true;
    }
  }
  return false;
}

bool HasOnlyErrorMembers(const v1::Provider& provider, const json& object) {
  const auto members = object.items();
  return std::all_of(members.begin(), members.end(), [&](const auto& member) {
    return IsErrorMember(provider, member.key()) || IsCommonErrorMember(member.key());
  });
}

bool HasAny(const json& object, MemberFilter filter) {
  const auto members = object.items();
  return std::any_of(members.begin(), members.end(),
                     [&](const auto& member) { return filter(member.key(), member.value()); });
}

bool IsBeyondDoubt(const v1::Provider& provider, const json& object) {
  const auto members = object.items();
  return std::any_of(
             members.begin(), members.end(),
             [](const auto& member) { return IsErrorThatIsThere(member.key(), member.value()); }) ||
         (!SaysSuccess(object) && HasCodeAndMessage(provider, object));
}

// Returns the object without the members for which `skip` returns true. Returns a discarded value
// if the body is not an object.
json Rest(absl::string_view body, MemberFilter skip) {
  json parsed = LenientJson(body);
  if (!parsed.is_object()) return json(json::value_t::discarded);
  for (auto member = parsed.begin(); member != parsed.end();) {
    member = skip(member.key(), member.value()) ? parsed.erase(member) : std::next(member);
  }
  return parsed;
}

// Reads the first element of a list that is an error and has no member for which `skip` returns
// true.
ErrorParts ReadErrorInList(const v1::Provider& provider, const json& list, MemberFilter skip) {
  if (!list.is_array()) return {};
  for (const json& element : list) {
    if (!element.is_object() || HasAny(element, skip)) continue;
    const bool error = IsBeyondDoubt(provider, element) ||
                       (!SaysSuccess(element) && HasOnlyErrorMembers(provider, element));
    ErrorParts parts = error ? PartsOf(provider, element) : ErrorParts();
    if (!parts.empty()) return parts;
  }
  return {};
}

}  // namespace

ErrorParts ReadNothingButAnError(const v1::Provider& provider, absl::string_view body) {
  // The first member usually shows that the body is no error; then it need not be parsed.
  const absl::string_view first = FirstMember(body);
  if (!first.empty() && !IsErrorMember(provider, first) && !IsCommonErrorMember(first)) return {};
  const json parsed = LenientJson(body);
  if (!parsed.is_object() || SaysSuccess(parsed)) return {};
  return HasOnlyErrorMembers(provider, parsed) ? PartsOf(provider, parsed) : ErrorParts();
}

ErrorParts ReadErrorInstead(const v1::Provider& provider, absl::string_view body,
                            MemberFilter skip) {
  ErrorParts parts = ReadNothingButAnError(provider, body);
  if (!parts.empty()) return parts;
  const absl::string_view content = JsonContent(body);
  if (absl::StartsWith(content, "[")) {
    return ReadErrorInList(provider, LenientJson(content), skip);
  }
  const json rest = Rest(content, skip);
  if (!rest.is_object() || !IsBeyondDoubt(provider, rest)) return {};
  return PartsOf(provider, rest);
}

bool ContradictsSuccess(const v1::Provider& provider, absl::string_view body, MemberFilter skip) {
  const json rest = Rest(body, skip);
  return rest.is_object() && (IsBeyondDoubt(provider, rest) || SaysFailure(rest));
}

bool ContradictsReply(const v1::Provider& provider, absl::string_view body, MemberFilter skip) {
  const json rest = Rest(body, skip);
  return rest.is_object() && (IsBeyondDoubt(provider, rest) || DeniesSuccess(rest));
}

bool MayContradictReply(const v1::Provider& provider, absl::string_view name) {
  return MayTellOfError(name) || IsErrorMember(provider, name);
}

bool MayBeInError(const v1::Provider& provider, absl::string_view name) {
  // A name with an escape may be any name.
  return absl::StrContains(name, '\\') || IsCommonErrorMember(name) || MaySayFailure(name) ||
         IsErrorMember(provider, name);
}

bool HasErrorParts(const v1::Provider& provider, absl::string_view body, MemberFilter skip) {
  const json rest = Rest(body, skip);
  return rest.is_object() && !SaysSuccess(rest) && !PartsOf(provider, rest).empty();
}

}  // namespace gateway::mapping
