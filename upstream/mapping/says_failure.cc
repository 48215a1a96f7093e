#include "upstream/mapping/says_failure.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "upstream/mapping/error_body.h"
#include "upstream/mapping/json_mend.h"

namespace gateway::mapping {
namespace {

using nlohmann::json;

// Names and words in lower case, names without `_` and `-`.
constexpr absl::string_view kYesOrNo[] = {"success",   "succeeded",    "successful",
                                          "issuccess", "issuccessful", "ok"};
constexpr absl::string_view kNoOrYes[] = {"iserror", "haserror", "haserrors", "failed", "failure"};
// These names are about the call alone. `succeeded` is not among them: a payment may have it.
constexpr absl::string_view kSuccess[] = {"success", "issuccess", "ok"};
constexpr absl::string_view kCodes[] = {"code", "errorcode"};
constexpr absl::string_view kStates[] = {"status", "code", "statuscode", "httpstatus", "result"};
constexpr absl::string_view kErrors[] = {"error", "errors", "fault", "exception"};
constexpr absl::string_view kFailures[] = {"error",  "failed",   "failure",  "fail",
                                           "denied", "rejected", "declined", "unauthorized"};
// Members that many servers put around every reply.
constexpr absl::string_view kWrappers[] = {"result", "response", "status", "meta", "header"};
// Members that hold the requested data. A state in the data is about the data, but an error in the
// data is about the call.
constexpr absl::string_view kContents[] = {"data", "body", "payload"};
// Texts that say that there is no error.
constexpr absl::string_view kNothing[] = {"", "0", "no", "none", "null", "false", "ok", "success"};

bool IsFailureStatus(int64_t number) { return number >= 400 && number < 600; }

// "is_success", "isSuccess" -> "issuccess"
std::string Plain(absl::string_view name) {
  std::string plain = absl::AsciiStrToLower(name.substr(0, 40));
  plain.erase(
      std::remove_if(plain.begin(), plain.end(), [](char c) { return c == '_' || c == '-'; }),
      plain.end());
  return plain;
}

// "error", "Error: no such coupon", "FAILED - locked"
bool BeginsWithFailure(absl::string_view text) {
  const std::string lower =
      absl::AsciiStrToLower(absl::StripLeadingAsciiWhitespace(text.substr(0, 100)));
  return absl::c_any_of(kFailures, [&](absl::string_view word) {
    return absl::StartsWith(lower, word) &&
           (lower.size() == word.size() || !absl::ascii_isalpha(lower[word.size()]));
  });
}

// A JSON string that holds a page (HTML or XML) counts as a failure, too.
bool TextSaysFailure(absl::string_view text) {
  return BeginsWithFailure(text) || absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "<");
}

bool IsWord(const json& value, absl::string_view one, absl::string_view other) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return absl::EqualsIgnoreCase(text, one) || absl::EqualsIgnoreCase(text, other);
}

bool IsNo(const json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  return IsWord(value, "false", "no") || (value.is_number() && value == 0);
}

bool IsYes(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  return IsWord(value, "true", "yes") || (value.is_number() && value == 1);
}

bool IsFailedState(const json& value) {
  if (value.is_number_integer()) return IsFailureStatus(value.get<int64_t>());
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return IsFailureStatus(number);
  return absl::c_linear_search(kFailures, absl::AsciiStrToLower(text));
}

constexpr size_t kLongestNothing = 7;

bool IsAnything(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value != 0;
  if (!value.is_string()) return !value.empty();
  const auto& text = value.get_ref<const std::string&>();
  return text.size() > kLongestNothing ||
         !absl::c_linear_search(kNothing, absl::AsciiStrToLower(text));
}

bool MemberSaysFailure(const std::string& name, const json& value) {
  const std::string plain = Plain(name);
  if (absl::c_linear_search(kYesOrNo, plain)) return IsNo(value);
  if (absl::c_linear_search(kNoOrYes, plain)) return IsYes(value);
  if (absl::c_linear_search(kStates, plain) && IsFailedState(value)) return true;
  return IsErrorThatIsThere(name, value);
}

bool AnyMemberSaysFailure(const json& object) {
  const auto members = object.items();
  return std::any_of(members.begin(), members.end(), [](const auto& member) {
    return MemberSaysFailure(member.key(), member.value());
  });
}

bool HasErrorOrDeniesSuccess(const json& object) {
  const auto members = object.items();
  return DeniesSuccess(object) ||
         std::any_of(members.begin(), members.end(), [](const auto& member) {
           return IsErrorThatIsThere(member.key(), member.value());
         });
}

bool ObjectSaysFailure(const json& object) {
  if (AnyMemberSaysFailure(object)) return true;
  const auto members = object.items();
  return std::any_of(members.begin(), members.end(), [](const auto& member) {
    if (!member.value().is_object()) return false;
    const std::string name = Plain(member.key());
    return (absl::c_linear_search(kWrappers, name) && AnyMemberSaysFailure(member.value())) ||
           (absl::c_linear_search(kContents, name) && HasErrorOrDeniesSuccess(member.value()));
  });
}

}  // namespace

bool IsErrorThatIsThere(absl::string_view name, const json& value) {
  if (!absl::c_linear_search(kErrors, Plain(name))) return false;
  // {"error": {"code": 0, "message": ""}} says that there is no error.
  return value.is_structured() ? std::any_of(value.begin(), value.end(), IsAnything)
                               : IsAnything(value);
}

bool MaySayFailure(absl::string_view name) {
  const std::string plain = Plain(name);
  const auto has = [&plain](const auto& names) { return absl::c_linear_search(names, plain); };
  return has(kYesOrNo) || has(kNoOrYes) || has(kStates) || has(kErrors) || has(kWrappers) ||
         has(kContents);
}

bool DeniesSuccess(const json& object) {
  const auto members = object.items();
  return std::any_of(members.begin(), members.end(), [](const auto& member) {
    return absl::c_linear_search(kSuccess, Plain(member.key())) && IsNo(member.value());
  });
}

bool MayTellOfError(absl::string_view name) {
  const std::string plain = Plain(name);
  return absl::c_linear_search(kErrors, plain) || absl::c_linear_search(kCodes, plain) ||
         absl::c_linear_search(kSuccess, plain);
}

bool SaysFailure(const json& value) {
  if (value.is_object()) return ObjectSaysFailure(value);
  if (value.is_array()) {
    return std::any_of(value.begin(), value.end(), [](const json& element) {
      return element.is_object() && ObjectSaysFailure(element);
    });
  }
  if (value.is_string()) return TextSaysFailure(value.get_ref<const std::string&>());
  return value.is_boolean() && !value.get<bool>();
}

bool SaysFailure(absl::string_view body) {
  const json parsed = LenientJson(body);
  return parsed.is_discarded() ? BeginsWithFailure(JsonContent(body)) : SaysFailure(parsed);
}

}  // namespace gateway::mapping
