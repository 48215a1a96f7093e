#include "upstream/mapping/descriptors.h"

#include <google/protobuf/descriptor.pb.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "upstream/mapping/wire.h"
#include "upstream/mutex.h"

// The serialized google.protobuf.FileDescriptorSet, linked in by proto/CMakeLists.txt.
extern "C" const char gateway_descriptors[];
extern "C" const char gateway_descriptors_end[];

namespace gateway::mapping {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;

// Field numbers: kFile of FileDescriptorSet, the others of FileDescriptorProto.
constexpr uint32_t kFile = 1;
constexpr uint32_t kName = 1;
constexpr uint32_t kSourceCodeInfo = 9;

absl::string_view Embedded() {
  return {gateway_descriptors, static_cast<size_t>(gateway_descriptors_end - gateway_descriptors)};
}

// Returns the files of a serialized set, or nullopt if the bytes are not a set.
std::optional<std::vector<absl::string_view>> FilesIn(absl::string_view set) {
  std::vector<absl::string_view> files;
  WireReader reader(set);
  uint32_t field = 0;
  WireValue value;
  while (!reader.done()) {
    if (!reader.ReadField(field, value) || value.type != WireType::kBytes) return std::nullopt;
    if (field == kFile) files.push_back(value.bytes);
  }
  return files;
}

std::string WithoutComments(absl::string_view file) {
  std::string rest;
  WireReader reader(file);
  uint32_t field = 0;
  WireValue value;
  while (!reader.done()) {
    const char* const begin = reader.position();
    if (!reader.ReadField(field, value)) return std::string(file);  // parsing it will fail
    if (field != kSourceCodeInfo) rest.append(begin, reader.position());
  }
  return rest;
}

absl::string_view NameOf(absl::string_view file) {
  WireReader reader(file);
  uint32_t field = 0;
  WireValue value;
  while (!reader.done() && reader.ReadField(field, value)) {
    if (field == kName) return value.bytes;
  }
  return "";
}

// Checks that no other file uses the names of the file's types. The trial pool in Check does not
// find that, and the generated pool would end the process.
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

// Checks that the file can be built on the pool's files. The pool itself reports errors only on
// stderr.
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

// Keeps the bytes until the process ends, because the pool keeps a pointer to them.
absl::string_view KeepForEver(std::string bytes) {
  static Mutex mutex;
  static auto& kept ABSL_GUARDED_BY(mutex) = *new std::deque<std::string>;
  const MutexLock lock(mutex);
  return kept.emplace_back(std::move(bytes));
}

}  // namespace

absl::StatusOr<Files> AddDescriptorSet(absl::string_view serialized) {
  const auto set = FilesIn(serialized);
  if (!set) return absl::InvalidArgumentError("not a serialized google.protobuf.FileDescriptorSet");
  const DescriptorPool* pool = DescriptorPool::generated_pool();
  Files files;
  for (const absl::string_view whole : *set) {
    std::string plain = WithoutComments(whole);
    FileDescriptorProto file;
    if (!file.ParseFromString(plain)) {
      return absl::InvalidArgumentError("not a serialized google.protobuf.FileDescriptorSet");
    }
    if (pool->FindFileByName(file.name()) == nullptr) {
      const absl::Status status = Check(file);
      if (!status.ok()) return status;
      const absl::string_view bytes = KeepForEver(std::move(plain));
      DescriptorPool::InternalAddGeneratedFile(bytes.data(), static_cast<int>(bytes.size()));
    }
    files.push_back(pool->FindFileByName(file.name()));
  }
  return files;
}

absl::string_view EmbeddedBytes(absl::string_view name) {
  static const auto& files = *new absl::flat_hash_map<absl::string_view, absl::string_view>([] {
    absl::flat_hash_map<absl::string_view, absl::string_view> by_name;
    const auto files = FilesIn(Embedded());
    for (const absl::string_view file : *files) {
      by_name.emplace(NameOf(file), file);
    }
    return by_name;
  }());
  const auto found = files.find(name);
  return found == files.end() ? absl::string_view() : found->second;
}

const Files& EmbeddedFiles() {
  static const auto& files = *new Files([] {
    auto added = AddDescriptorSet(Embedded());
    if (!added.ok()) {  // the build made the set, so the build is broken
      std::fprintf(stderr, "embedded descriptors: %s\n", added.status().ToString().c_str());
      std::abort();
    }
    return *std::move(added);
  }());
  return files;
}

}  // namespace gateway::mapping
