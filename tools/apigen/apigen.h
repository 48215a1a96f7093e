// The whole run: OpenAPI text and committed protos in, files to write and a report out.
//
//   OpenAPI text --openapi--> Api --contract--> Contract --+
//   committed protos --lock--> Lock -----------------------+--merge--> Contract --+
//                                                          +--report--> changes   |
//                                                                                 |
//                                         text <--printer-- Files <--layout-------+
#ifndef TOOLS_APIGEN_APIGEN_H_
#define TOOLS_APIGEN_APIGEN_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::apigen {

struct Options {
  std::string package;
  std::string proto_dir = "proto";
  std::vector<std::string> import_paths;
};

struct Outcome {
  // Text for each file below proto_dir that is to change; none for a file that is to go.
  std::map<std::string, std::optional<std::string>> files;
  // For people.
  std::string report;
};

// Reads, and writes nothing.
absl::StatusOr<Outcome> Generate(absl::string_view openapi, const Options& options);

// Brings the files of an outcome to disk.
absl::Status Apply(const Outcome& outcome, const std::string& proto_dir);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_APIGEN_H_
