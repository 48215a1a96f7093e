// Spreads a contract over files.
//
//   <tag>.proto     the service of one tag, its requests and replies, then the types that only
//                   this tag reaches
//   types.proto     types that several tags reach
//   unlisted.proto  types that no operation reaches
//   gone.proto      types that the upstream has removed: their numbers are reserved there
//
// In a package without services a type stays where it is committed, and new ones follow in the
// first file.
//
// A type that several tags reach refers only to types of the same kind, so imports run <tag> ->
// types and unlisted -> anything: there are no cycles. Pure.
#ifndef TOOLS_APIGEN_LAYOUT_H_
#define TOOLS_APIGEN_LAYOUT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/apigen/lock.h"
#include "tools/apigen/model.h"

namespace gateway::apigen {

struct File {
  // Below the proto directory.
  std::string path;
  std::string package;
  FileNotes notes;
  // Sorted.
  std::vector<std::string> imports;
  std::vector<Service> services;
  std::vector<Message> messages;
  std::vector<Enum> enums;
};

// Sorted by path. `committed` gives each file its head and its options. Fails where a shared file
// would have the name of one that is not apigen's.
absl::StatusOr<std::vector<File>> LayOut(const Contract& contract, const std::string& package,
                                         const Lock& committed);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_LAYOUT_H_
