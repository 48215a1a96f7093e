// Parses JSON text into a tree that can be walked in any order.
//
//   const nlohmann::json body = JsonTree(text);
//   if (!body.is_discarded()) ...
//
// Thread-safety: a pure function, apart from a parser that each thread keeps.
#ifndef UPSTREAM_MAPPING_JSON_TREE_H_
#define UPSTREAM_MAPPING_JSON_TREE_H_

#include <nlohmann/json_fwd.hpp>

#include "absl/strings/string_view.h"

namespace gateway::mapping {

// Returns what nlohmann::json::parse returns, or a discarded value if the text is not valid. Where
// both parsers are known to agree, simdjson reads the text: it takes a third of the instructions.
nlohmann::json JsonTree(absl::string_view text);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_JSON_TREE_H_
