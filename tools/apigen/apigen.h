// A whole run: takes OpenAPI text and committed protos, returns the files to write and a report.
//
// ```
// OpenAPI text --openapi/--> Api --mapping/--> Contract --+
// committed protos --committed/--> Lock ------------------+--merge/--> Contract
//                                                                         |
//                        text <--print/-- Files <--print/-----------------+
//                        Report <--report/-- changes, review <------------+
// ```
//
// All of them speak of protos as values: model/.
#ifndef TOOLS_APIGEN_APIGEN_H_
#define TOOLS_APIGEN_APIGEN_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/apigen/report/report.h"

namespace gateway::apigen {

struct Options {
  std::string package;
  std::string proto_dir = "proto";
  std::vector<std::string> import_paths;
  // A file of decisions (decisions.h); empty: no decisions.
  std::string decisions;
  // The version of the contract, as the report names it.
  std::string version;
};

struct Outcome {
  // The new text of each file below proto_dir that changes; nullopt for a file to delete.
  std::map<std::string, std::optional<std::string>> files;
  Report report;
};

// Reads files but writes none. Fails if the text is not OpenAPI, if the decisions, the record or
// the committed protos cannot be read or kept, or if a proto below proto_dir would not compile.
absl::StatusOr<Outcome> Generate(absl::string_view openapi, const Options& options);

// Writes and deletes the files of an outcome.
absl::Status Apply(const Outcome& outcome, const std::string& proto_dir);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_APIGEN_H_
