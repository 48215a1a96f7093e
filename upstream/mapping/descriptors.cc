#include "upstream/mapping/descriptors.h"

#include <google/protobuf/descriptor.pb.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"

// The serialized google.protobuf.FileDescriptorSet, linked in by proto/CMakeLists.txt.
extern "C" const char gateway_descriptors[];
extern "C" const char gateway_descriptors_end[];

namespace gateway::mapping {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

// Whether the file's types have names that no other file uses: the trial below does not look, and
// the pool would end the process.
absl::Status CheckNames(const FileDescriptor& file) {
  std::vector<std::string> names;
  for (int i = 0; i < file.message_type_count(); ++i) {
    names.push_back(file.message_type(i)->full_name());
  }
  for (int i = 0; i < file.enum_type_count(); ++i) names.push_back(file.enum_type(i)->full_name());
  for (int i = 0; i < file.service_count(); ++i) names.push_back(file.service(i)->full_name());
  for (const std::string& name : names) {
    const FileDescriptor* other = DescriptorPool::generated_pool()->FindFileContainingSymbol(name);
    if (other == nullptr) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(file.name(), ": ", name, ": is also defined in ", other->name()));
  }
  return absl::OkStatus();
}

// Whether the file can be built on what the pool has; the pool itself would only say so on stderr.
absl::Status Check(const FileDescriptorProto& file) {
  class Collector : public DescriptorPool::ErrorCollector {
   public:
    void AddError(const std::string& filename, const std::string& element,
                  const google::protobuf::Message*, ErrorLocation,
                  const std::string& message) override {
      if (text.empty()) text = absl::StrCat(filename, ": ", element, ": ", message);
    }
    std::string text;
  };
  DescriptorPool trial(DescriptorPool::generated_pool());
  Collector errors;
  const FileDescriptor* built = trial.BuildFileCollectingErrors(file, &errors);
  return built == nullptr ? absl::InvalidArgumentError(errors.text) : CheckNames(*built);
}

// The pool keeps the address of what it is given.
absl::string_view KeepForEver(std::string bytes) {
  static std::mutex mutex;
  static auto& kept = *new std::deque<std::string>;
  const std::lock_guard lock(mutex);
  return kept.emplace_back(std::move(bytes));
}

}  // namespace

absl::StatusOr<Files> AddDescriptorSet(absl::string_view serialized) {
  FileDescriptorSet set;
  if (!set.ParseFromArray(serialized.data(), static_cast<int>(serialized.size()))) {
    return absl::InvalidArgumentError("not a serialized google.protobuf.FileDescriptorSet");
  }
  const DescriptorPool* pool = DescriptorPool::generated_pool();
  Files files;
  for (const FileDescriptorProto& file : set.file()) {
    if (pool->FindFileByName(file.name()) == nullptr) {
      const absl::Status status = Check(file);
      if (!status.ok()) return status;
      const absl::string_view bytes = KeepForEver(file.SerializeAsString());
      DescriptorPool::InternalAddGeneratedFile(bytes.data(), static_cast<int>(bytes.size()));
    }
    files.push_back(pool->FindFileByName(file.name()));
  }
  return files;
}

const Files& EmbeddedFiles() {
  static const auto& files = *new Files([] {
    auto added = AddDescriptorSet(
        {gateway_descriptors, static_cast<size_t>(gateway_descriptors_end - gateway_descriptors)});
    if (!added.ok()) {  // the build made it: only a broken build comes here
      std::fprintf(stderr, "embedded descriptors: %s\n", added.status().ToString().c_str());
      std::abort();
    }
    return *std::move(added);
  }());
  return files;
}

}  // namespace gateway::mapping
