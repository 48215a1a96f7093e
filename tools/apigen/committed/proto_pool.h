// Compiles protos from disk and from memory, and keeps their comments.
//
// Files are looked up among the given texts, then below the directories, then among the compiled-in
// protos, so the well-known types and google.api need no path. Not thread-safe; descriptors live as
// long as the pool.
#ifndef TOOLS_APIGEN_COMMITTED_PROTO_POOL_H_
#define TOOLS_APIGEN_COMMITTED_PROTO_POOL_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "google/protobuf/compiler/importer.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor_database.h"

namespace gateway::apigen {

class ProtoPool {
 public:
  // The key of `texts` is the path as in an import statement.
  ProtoPool(const std::string& proto_dir, const std::vector<std::string>& import_paths,
            std::map<std::string, std::string> texts);

  // Returns null if the file or one of its imports is missing or wrong; error() then says what is
  // wrong, and where.
  const google::protobuf::FileDescriptor* Find(const std::string& path) {
    return pool_.FindFileByName(path);
  }

  // Treats the file as missing, even if it is on disk. Call this before the first Find.
  void Hide(const std::string& path) { sources_.hidden.insert(path); }

  // The first error so far: "file:line:column: what".
  const std::string& error() const { return errors_.text; }

 private:
  class Sources : public google::protobuf::compiler::DiskSourceTree {
   public:
    google::protobuf::io::ZeroCopyInputStream* Open(const std::string& path) override;
    std::map<std::string, std::string> texts;
    std::set<std::string> hidden;
  };

  struct FirstError : public google::protobuf::compiler::MultiFileErrorCollector {
    void AddError(const std::string& file, int line, int column,
                  const std::string& message) override;
    std::string text;
  };

  Sources sources_;
  FirstError errors_;
  google::protobuf::DescriptorPoolDatabase compiled_in_;
  google::protobuf::compiler::SourceTreeDescriptorDatabase database_;
  google::protobuf::DescriptorPool pool_;
};

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_COMMITTED_PROTO_POOL_H_
