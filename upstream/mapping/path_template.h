// The path of a google.api.http rule: which parts stand as they are and which come from the
// request.
//
//   template = "/" segment { "/" segment }
//   segment  = literal | "{" field-name "}"
//   literal  = one or more of RFC 3986's unreserved characters, "$", "@" or ":"; not "." or "..",
//              which would turn into another path
//
// Wildcards and `{name=pattern}` of google.api.http are not supported: no upstream needs them.
#ifndef UPSTREAM_MAPPING_PATH_TEMPLATE_H_
#define UPSTREAM_MAPPING_PATH_TEMPLATE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::mapping {

struct PathTemplate {
  struct Part {
    std::string
        literal;        // from the last field (or the start) up to the next field, slashes included
    std::string field;  // empty in the last part, if the template ends with a literal
  };

  // INVALID_ARGUMENT with the column (from 1) of what does not fit the grammar.
  static absl::StatusOr<PathTemplate> Parse(absl::string_view text);

  std::vector<Part> parts;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_PATH_TEMPLATE_H_
