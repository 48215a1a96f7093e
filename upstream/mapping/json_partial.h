// Reads of a text that is no whole JSON what comes before the fault: error bodies are cut short, or
// have something behind them.
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

// Members and elements that stand there whole, in their place; null if there is none. Takes no more
// stack for deep texts.
nlohmann::json PartialJson(absl::string_view text);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_JSON_PARTIAL_H_
