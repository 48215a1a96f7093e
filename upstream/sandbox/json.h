// The JSON value of the sandbox, and the only function that parses untrusted text into it.
#ifndef UPSTREAM_SANDBOX_JSON_H_
#define UPSTREAM_SANDBOX_JSON_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace gateway::sandbox {

using Json = nlohmann::json;

// The value of a missing member, as opposed to null.
inline Json Absent() { return Json(Json::value_t::discarded); }
inline bool IsAbsent(const Json& value) { return value.is_discarded(); }
inline bool IsNothing(const Json& value) { return value.is_discarded() || value.is_null(); }

// Parses `text`. Returns nullopt if the text is not JSON, not UTF-8, or nested deeper than any
// request of the contract needs. The depth limit keeps recursion over a value from exhausting the
// stack.
std::optional<Json> ParseJson(absl::string_view text);

// Returns compact text. Never throws: bytes that are not UTF-8 are replaced.
std::string WriteJson(const Json& value);

// Returns the text that a path or query parameter would carry for this value: strings have no
// quotes.
std::string PlainText(const Json& value);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_JSON_H_
