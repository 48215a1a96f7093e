#include "upstream/mapping/says_failure.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "upstream/mapping/json_mend.h"

namespace gateway::mapping {
namespace {

using nlohmann::json;

// A longer body is something else than a few words about a failure.
constexpr size_t kMaxBody = size_t{64} * 1024;

// Names and words in lower case.
constexpr absl::string_view kYesOrNo[] = {"success", "succeeded", "ok"};
constexpr absl::string_view kStates[] = {"status", "code", "status_code", "statuscode", "result"};
constexpr absl::string_view kFailures[] = {"error",  "failed",   "failure",  "fail",
                                           "denied", "rejected", "declined", "unauthorized"};

bool IsFailureStatus(int64_t number) { return number >= 400 && number < 600; }

// "error", "Error: no such coupon", "FAILED - locked"
bool BeginsWithFailure(absl::string_view text) {
  const std::string lower =
      absl::AsciiStrToLower(absl::StripLeadingAsciiWhitespace(text.substr(0, 100)));
  return absl::c_any_of(kFailures, [&](absl::string_view word) {
    return absl::StartsWith(lower, word) &&
           (lower.size() == word.size() || !absl::ascii_isalpha(lower[word.size()]));
  });
}

bool IsNo(const json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  return value.is_string() && absl::EqualsIgnoreCase(value.get_ref<const std::string&>(), "false");
}

bool IsFailedState(const json& value) {
  if (value.is_number_integer()) return IsFailureStatus(value.get<int64_t>());
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return IsFailureStatus(number);
  return absl::c_linear_search(kFailures, absl::AsciiStrToLower(text));
}

bool ObjectSaysFailure(const json& object) {
  for (const auto& [name, value] : object.items()) {
    const std::string lower = absl::AsciiStrToLower(name);
    if (absl::c_linear_search(kYesOrNo, lower) && IsNo(value)) return true;
    if (absl::c_linear_search(kStates, lower) && IsFailedState(value)) return true;
    if (lower == "error" && value.is_boolean() && value.get<bool>()) return true;
  }
  return false;
}

}  // namespace

bool SaysFailure(absl::string_view body) {
  body = JsonContent(body);
  if (body.empty() || body.size() > kMaxBody) return false;
  const json parsed = json::parse(body.begin(), body.end(), nullptr, false);
  if (parsed.is_discarded()) return BeginsWithFailure(body);
  if (parsed.is_object()) return ObjectSaysFailure(parsed);
  if (parsed.is_array())
    return !parsed.empty() && parsed[0].is_object() && ObjectSaysFailure(parsed[0]);
  return parsed.is_string() ? BeginsWithFailure(parsed.get_ref<const std::string&>())
                            : parsed.is_boolean() && !parsed.get<bool>();
}

}  // namespace gateway::mapping
