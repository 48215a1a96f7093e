// The whole run: OpenAPI text and committed protos in, files to write and a report out.
//
//   OpenAPI text --openapi--> Api --operation_names, contract--> Contract --type_names--+
//   committed protos --lock--> Lock ----------------------------------------------------+
//                                                                                       |
//     text <--printer-- Files <--layout-- Contract <------------merge-------------------+
//     Report <--report-- Changes, Review <--changes, review--/
#ifndef TOOLS_APIGEN_APIGEN_H_
#define TOOLS_APIGEN_APIGEN_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/apigen/report.h"

namespace gateway::apigen {

struct Options {
  std::string package;
  std::string proto_dir = "proto";
  std::vector<std::string> import_paths;
  // A file of decisions (decisions.h); empty: none.
  std::string decisions;
  // How the report names the version of the contract.
  std::string version;
};

struct Outcome {
  // Text for each file below proto_dir that is to change; none for a file that is to go.
  std::map<std::string, std::optional<std::string>> files;
  Report report;
};

// Reads, and writes nothing. Fails only where there is no OpenAPI file, where the committed protos
// cannot be kept, or where a proto below proto_dir would not compile.
absl::StatusOr<Outcome> Generate(absl::string_view openapi, const Options& options);

// Brings the files of an outcome to disk.
absl::Status Apply(const Outcome& outcome, const std::string& proto_dir);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_APIGEN_H_
