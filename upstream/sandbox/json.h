// The JSON value of the sandbox, and the one way to read untrusted text into it.
#ifndef UPSTREAM_SANDBOX_JSON_H_
#define UPSTREAM_SANDBOX_JSON_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace gateway::sandbox {

using Json = nlohmann::json;

// "Not there", as opposed to null: what a reference to a missing member evaluates to.
inline Json Absent() { return Json(Json::value_t::discarded); }
inline bool IsAbsent(const Json& value) { return value.is_discarded(); }
inline bool IsNothing(const Json& value) { return value.is_discarded() || value.is_null(); }

// The value that `text` holds; nullopt where it is not JSON, not UTF-8, or nested deeper than any
// request of the contract could need (so that no recursion over a value can exhaust the stack).
std::optional<Json> ParseJson(absl::string_view text);

// Compact text. Never throws: what is not UTF-8 is replaced.
std::string WriteJson(const Json& value);

// The text that a query parameter or a path would carry for this value: strings without quotes.
std::string PlainText(const Json& value);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_JSON_H_
