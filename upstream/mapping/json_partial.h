// Reads a text that is not valid JSON as far as the fault: error bodies may be cut short, or have
// something after them.
//
//   PartialJson(R"({"code":"no_funds","message":"Ada's ba)")  // {"code": "no_funds"}
//   PartialJson(R"({"code":"no_funds"}<!-- served by a -->)")  // {"code": "no_funds"}
//
// Thread-safety: a pure function.
#ifndef UPSTREAM_MAPPING_JSON_PARTIAL_H_
#define UPSTREAM_MAPPING_JSON_PARTIAL_H_

#include <nlohmann/json.hpp>

#include "absl/strings/string_view.h"

namespace gateway::mapping {

// Returns the members and elements that are complete, in their places; null if there are none. A
// deep text takes no more stack than a flat one.
nlohmann::json PartialJson(absl::string_view text);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_JSON_PARTIAL_H_
