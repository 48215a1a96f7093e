#include "tools/apigen/print/layout.h"

#include <algorithm>
#include <climits>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/v1/annotations.pb.h"
#include "gateway/v1/contract.pb.h"
#include "google/protobuf/text_format.h"
#include "tools/apigen/model/well_known_types.h"

namespace gateway::apigen {
namespace {

constexpr char kSharedStem[] = "types";
constexpr char kUnlistedStem[] = "unlisted";
constexpr char kGoneStem[] = "gone";

// The files that declare the types of google.protobuf.
constexpr std::pair<const char*, const char*> kKnownImports[] = {
    {kEmptyType, "google/protobuf/empty.proto"},
    {kFieldMaskType, "google/protobuf/field_mask.proto"},
    {kListType, "google/protobuf/struct.proto"},
    {kStructType, "google/protobuf/struct.proto"},
    {kTimestampType, "google/protobuf/timestamp.proto"},
    {kValueType, "google/protobuf/struct.proto"},
};

constexpr char kHttpImport[] = "google/api/annotations.proto";
constexpr char kRulesImport[] = "gateway/v1/annotations.proto";
constexpr char kContractImport[] = "gateway/v1/contract.proto";

// The types that a service reaches, each once, in the order in which a reader meets them.
class Walk {
 public:
  explicit Walk(const Contract& contract) : contract_(contract) {}

  // Requests and replies of the RPCs come first.
  std::vector<std::string> Over(const Service& service) && {
    for (const Method& method : service.methods) {
      AddWrapper(method.input);
      AddWrapper(method.output);
    }
    for (const Method& method : service.methods) {
      Visit(method.output);
      Visit(method.input);
    }
    return std::move(types_);
  }

 private:
  void AddWrapper(const std::string& name) {
    const auto message = contract_.messages.find(name);
    if (message != contract_.messages.end() && message->second.wrapper) Add(name);
  }

  bool Add(const std::string& name) {
    if (!seen_.insert(name).second) return false;
    types_.push_back(name);
    return true;
  }

  void Visit(const std::string& name) {
    if (!visited_.insert(name).second) return;
    const auto message = contract_.messages.find(name);
    if (message == contract_.messages.end() && contract_.enums.count(name) == 0) return;
    Add(name);
    if (message == contract_.messages.end()) return;
    for (const Field& field : message->second.fields) Visit(field.type);
  }

  const Contract& contract_;
  std::set<std::string> seen_;
  std::set<std::string> visited_;
  std::vector<std::string> types_;
};

class Layout {
 public:
  Layout(const Contract& contract, const std::string& package, const Lock& committed)
      : contract_(contract), package_(package), committed_(committed) {}

  absl::StatusOr<std::vector<File>> Run() {
    for (const Service& service : contract_.services) {
      for (const std::string& type : Walk(contract_).Over(service)) {
        const auto [place, added] = stem_of_.emplace(type, service.stem);
        if (!added && place->second != service.stem) place->second = kSharedStem;
      }
    }
    for (const Service& service : contract_.services) {
      FileFor(service.stem).services.push_back(service);
      for (const std::string& type : Walk(contract_).Over(service)) {
        if (stem_of_[type] == service.stem) Place(type, service.stem);
      }
    }
    if (contract_.services.empty()) StayInPlace();
    PlaceTheRest();
    if (contract_.services.empty()) SortAsCommitted();
    return Finish();
  }

 private:
  std::string PathOf(const std::string& stem) const {
    return absl::StrCat(PackagePath(package_), "/", stem, ".proto");
  }

  File& FileFor(const std::string& stem) {
    File& file = files_[stem];
    file.path = PathOf(stem);
    file.package = package_;
    return file;
  }

  void Place(const std::string& type, const std::string& stem) {
    if (const auto message = contract_.messages.find(type); message != contract_.messages.end()) {
      FileFor(stem).messages.push_back(message->second);
    } else if (const auto found = contract_.enums.find(type); found != contract_.enums.end()) {
      FileFor(stem).enums.push_back(found->second);
    }
  }

  // For a package without services: a committed type stays in its file, a new type goes to the
  // first file.
  void StayInPlace() {
    std::string first = kSharedStem;
    for (const auto& [path, notes] : committed_.files) {
      if (notes.ours) first = StemOf(path);
      if (notes.ours) break;
    }
    const auto stay = [&](const std::string& type) {
      const auto place = committed_.places.find(type);
      stem_of_[type] = place != committed_.places.end() ? StemOf(place->second.path) : first;
    };
    for (const auto& [name, unused] : contract_.messages) stay(name);
    for (const auto& [name, unused] : contract_.enums) stay(name);
    for (const auto& [type, stem] : stem_of_) Place(type, stem);
  }

  // Committed types keep their order. New types follow, sorted by name.
  void SortAsCommitted() {
    const auto index_of = [this](const std::string& type) {
      const auto place = committed_.places.find(type);
      return place == committed_.places.end() ? INT_MAX : place->second.index;
    };
    const auto by_index = [&](const auto& a, const auto& b) {
      return std::make_pair(index_of(a.name), a.name) < std::make_pair(index_of(b.name), b.name);
    };
    for (auto& [stem, file] : files_) {
      std::sort(file.messages.begin(), file.messages.end(), by_index);
      std::sort(file.enums.begin(), file.enums.end(), by_index);
    }
  }

  static std::string StemOf(const std::string& path) {
    return std::filesystem::path(path).stem().string();
  }

  bool IsGone(const std::string& type) const {
    if (const auto message = contract_.messages.find(type); message != contract_.messages.end()) {
      return message->second.options.GetExtension(gateway::v1::schema).gone();
    }
    return contract_.enums.at(type).options.GetExtension(gateway::v1::enum_schema).gone();
  }

  // Shared and unreached types, in alphabetical order.
  void PlaceTheRest() {
    const auto place = [this](const std::string& type) {
      const auto [known, added] = stem_of_.emplace(type, IsGone(type) ? kGoneStem : kUnlistedStem);
      if (added || known->second == kSharedStem) {
        if (!contract_.services.empty() || added) Place(type, known->second);
      }
    };
    for (const auto& [name, unused] : contract_.messages) place(name);
    for (const auto& [name, unused] : contract_.enums) place(name);
  }

  absl::StatusOr<std::vector<File>> Finish() {
    std::vector<File> files;
    for (auto& [stem, file] : files_) {
      const auto committed = committed_.files.find(file.path);
      if (committed == committed_.files.end()) {
        file.notes.head.leading = DefaultHead(stem);
        file.notes.options = SharedOptions();
      } else if (committed->second.ours) {
        file.notes = committed->second;
      } else {
        return absl::AlreadyExistsError(absl::StrCat(file.path, ": was written by hand"));
      }
      file.imports = ImportsOf(file);
      files.push_back(std::move(file));
    }
    return files;
  }

  // The options that all files of the package have alike: the Go, Java or C# package, for example.
  google::protobuf::FileOptions SharedOptions() const {
    std::optional<google::protobuf::FileOptions> shared;
    for (const auto& [path, notes] : committed_.files) {
      if (!notes.ours) continue;
      if (shared) {
        KeepWhatIsEqual(notes.options, *shared);
      } else {
        shared = notes.options;
      }
    }
    return shared.value_or(google::protobuf::FileOptions());
  }

  static void KeepWhatIsEqual(const google::protobuf::FileOptions& other,
                              google::protobuf::FileOptions& shared) {
    const auto text = [](const google::protobuf::FileOptions& options,
                         const google::protobuf::FieldDescriptor* field) {
      std::vector<const google::protobuf::FieldDescriptor*> set;
      options.GetReflection()->ListFields(options, &set);
      if (std::find(set.begin(), set.end(), field) == set.end()) return std::string();
      std::string value;
      google::protobuf::TextFormat::PrintFieldValueToString(options, field, -1, &value);
      return value;
    };
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    shared.GetReflection()->ListFields(shared, &fields);
    for (const google::protobuf::FieldDescriptor* field : fields) {
      const bool equal = !field->is_repeated() && text(shared, field) == text(other, field);
      if (!equal) shared.GetReflection()->ClearField(&shared, field);
    }
  }

  static std::string DefaultHead(const std::string& stem) {
    if (stem == kSharedStem) return " Types that several services of this package use.\n";
    if (stem == kUnlistedStem) return " Types that no RPC of this package reaches.\n";
    if (stem == kGoneStem) {
      return " Types that the upstream has removed. They keep their numbers from being used "
             "again.\n";
    }
    return absl::StrCat(" Operations on ", absl::StrReplaceAll(stem, {{"_", " "}}),
                        ", and the types that only they use.\n");
  }

  void AddTypeImport(const std::string& type, const File& file, std::set<std::string>& imports) {
    if (const auto own = stem_of_.find(type); own != stem_of_.end()) {
      if (PathOf(own->second) != file.path) imports.insert(PathOf(own->second));
      return;
    }
    for (const auto& [known, path] : kKnownImports) {
      if (type == known) imports.insert(path);
    }
    if (const auto outside = committed_.outside_types.find(type);
        outside != committed_.outside_types.end()) {
      imports.insert(outside->second);
    }
  }

  std::vector<std::string> ImportsOf(const File& file) {
    std::set<std::string> imports;
    bool rules = file.notes.options.HasExtension(gateway::v1::provider);
    for (const Service& service : file.services) {
      for (const Method& method : service.methods) {
        imports.insert(kHttpImport);
        AddTypeImport(method.input, file, imports);
        AddTypeImport(method.output, file, imports);
        rules = rules || method.options.HasExtension(gateway::v1::method);
      }
    }
    for (const Message& message : file.messages) {
      rules = rules || message.options.HasExtension(gateway::v1::schema);
      for (const Field& field : message.fields) {
        AddTypeImport(field.type, file, imports);
        rules = rules || field.options.HasExtension(gateway::v1::field);
      }
    }
    for (const Enum& owner : file.enums) {
      rules = rules || owner.options.HasExtension(gateway::v1::enum_schema);
      for (const EnumValue& value : owner.values) {
        rules = rules || value.options.HasExtension(gateway::v1::value);
      }
    }
    if (rules) imports.insert(kRulesImport);
    if (file.notes.options.HasExtension(gateway::v1::contract)) imports.insert(kContractImport);
    return {imports.begin(), imports.end()};
  }

  const Contract& contract_;
  const std::string& package_;
  const Lock& committed_;
  // Maps each type of the package to the stem of its file.
  std::map<std::string, std::string> stem_of_;
  std::map<std::string, File> files_;
};

}  // namespace

absl::StatusOr<std::vector<File>> LayOut(const Contract& contract, const std::string& package,
                                         const Lock& committed) {
  return Layout(contract, package, committed).Run();
}

}  // namespace gateway::apigen
