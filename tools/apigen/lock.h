// Reads the committed protos of one package: the record of every number that was ever given out,
// and of every decision that people made by hand.
//
// What the model cannot hold (a oneof, a nested message, a comment where no element carries it, an
// option of an unknown extension) is an error that names the place: apigen would lose it when it
// writes the file again. A file with the option `local_file` may hold anything: it is left alone.
#ifndef TOOLS_APIGEN_LOCK_H_
#define TOOLS_APIGEN_LOCK_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/apigen/model.h"

namespace gateway::apigen {

// What belongs to a file rather than to an element in it.
struct FileNotes {
  // Of the `syntax` statement: the head of the file.
  Comments head;
  Comments package;
  std::map<std::string, Comments> imports;
  google::protobuf::FileOptions options;
  // Holds a service, a message or an enum, and is not local. All others are left alone.
  bool ours = false;
};

struct Place {
  // Below the proto directory.
  std::string path;
  // Among the messages, or the enums, of the file.
  int index = 0;
};

struct Lock {
  Contract contract;
  // By path below the proto directory: "shop/v1/orders.proto".
  std::map<std::string, FileNotes> files;
  // Types of other packages that the protos use, and types in local files, with the files that
  // define them.
  std::map<std::string, std::string> outside_types;
  // Where each type of the contract stands.
  std::map<std::string, Place> places;
  // Of files that are local as a whole: the names of their types and services, and what their RPCs
  // call (RouteOf).
  std::set<std::string> local_names;
  std::set<std::string> local_routes;
};

// Reads `proto_dir`/<package as path>/*.proto; a directory that does not exist is an empty lock.
// Imports are looked up in `proto_dir`, then in `import_paths`, then among the protos that are
// compiled in.
absl::StatusOr<Lock> ReadLock(const std::string& proto_dir, const std::string& package,
                              const std::vector<std::string>& import_paths);

// "shop.v1" -> "shop/v1".
std::string PackagePath(const std::string& package);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_LOCK_H_
