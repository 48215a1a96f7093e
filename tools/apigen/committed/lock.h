// Reads the committed protos of one package: the record of every number ever assigned, and of every
// decision made by hand.
//
// The following content is an error that names the place, because the model cannot hold it and
// apigen would lose it when it writes the file again: a oneof, a nested message, a comment that
// belongs to no element, an option of an unknown extension. A file with the option `local_file` may
// hold anything: apigen leaves it alone.
#ifndef TOOLS_APIGEN_COMMITTED_LOCK_H_
#define TOOLS_APIGEN_COMMITTED_LOCK_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/apigen/model/model.h"

namespace gateway::apigen {

// Content that belongs to a file rather than to an element in it.
struct FileNotes {
  // The comments of the `syntax` statement: the head of the file.
  Comments head;
  Comments package;
  std::map<std::string, Comments> imports;
  google::protobuf::FileOptions options;
  // Whether the file holds a service, a message or an enum, and is not local. apigen leaves all
  // other files alone.
  bool ours = false;
};

struct Place {
  // The path below the proto directory.
  std::string path;
  // The index among the messages, or among the enums, of the file.
  int index = 0;
};

struct Lock {
  Contract contract;
  // By path below the proto directory: "shop/v1/orders.proto".
  std::map<std::string, FileNotes> files;
  // Types of other packages that the protos use, and types in local files. Each is mapped to the
  // file that defines it.
  std::map<std::string, std::string> outside_types;
  // Where each type of the contract stands.
  std::map<std::string, Place> places;
  // For files with the option `local_file`: the names of their types and services, and the routes
  // of their RPCs (RouteOf).
  std::set<std::string> local_names;
  std::set<std::string> local_routes;
};

// Reads `proto_dir`/<package as path>/*.proto; if the directory does not exist, the lock is empty.
// Imports are looked up in `proto_dir`, then in `import_paths`, then among the compiled-in protos.
absl::StatusOr<Lock> ReadLock(const std::string& proto_dir, const std::string& package,
                              const std::vector<std::string>& import_paths);

// "shop.v1" -> "shop/v1".
std::string PackagePath(const std::string& package);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_COMMITTED_LOCK_H_
