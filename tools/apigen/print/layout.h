// Distributes a contract over files.
//
//   File            Content
//   <tag>.proto     the service of one tag, its requests and replies, then the types that only
//                   this tag reaches
//   types.proto     types that several tags reach
//   unlisted.proto  types that no operation reaches
//   gone.proto      types that the upstream has removed: their numbers are reserved there
//
// In a package without services, a committed type stays in its file; new types go to the first
// file.
//
// A type that several tags reach refers only to types that several tags reach. Imports therefore
// run from <tag> to types, and from unlisted to any file, without cycles. Pure.
#ifndef TOOLS_APIGEN_PRINT_LAYOUT_H_
#define TOOLS_APIGEN_PRINT_LAYOUT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/apigen/committed/lock.h"
#include "tools/apigen/model/model.h"

namespace gateway::apigen {

struct File {
  // The path below the proto directory.
  std::string path;
  std::string package;
  FileNotes notes;
  // Sorted.
  std::vector<std::string> imports;
  std::vector<Service> services;
  std::vector<Message> messages;
  std::vector<Enum> enums;
};

// Returns files sorted by path. `committed` supplies the head and the options of each file. Fails
// if a file would have the path of a file that apigen does not own.
absl::StatusOr<std::vector<File>> LayOut(const Contract& contract, const std::string& package,
                                         const Lock& committed);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_PRINT_LAYOUT_H_
