// A whole run of apigen: from OpenAPI text and the committed protos to the files to write and a
// report. Each arrow names the folder whose code makes the value at its end:
//
// ```
// OpenAPI text --openapi/--> Api --mapping/--> Contract --+
// committed protos --committed/--> Lock ------------------+--merge/--> Contract
//                                                                         |
//                        text <--print/-- Files <--print/-----------------+
//                        Report <--report/-- changes, review <------------+
// ```
//
// These folders pass protos to each other as the plain values of model/.
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
  // The name of the OpenAPI file's version in the report and in the record (record.h).
  std::string version;
};

struct Outcome {
  // The files that change. Keys: paths below proto_dir. Values: the new text; nullopt for a file to
  // delete.
  std::map<std::string, std::optional<std::string>> files;
  Report report;
};

// Reads files but writes none. Fails if the text is not OpenAPI, if the decisions, the record or
// the committed protos cannot be read, if a committed proto holds something that apigen would lose
// (lock.h), or if a proto below proto_dir would not compile.
absl::StatusOr<Outcome> Generate(absl::string_view openapi, const Options& options);

// Writes and deletes the files of an outcome.
absl::Status Apply(const Outcome& outcome, const std::string& proto_dir);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_APIGEN_H_
