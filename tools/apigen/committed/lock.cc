#include "tools/apigen/committed/lock.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/v1/annotations.pb.h"
#include "google/protobuf/descriptor.h"
#include "tools/apigen/committed/comments.h"
#include "tools/apigen/committed/files.h"
#include "tools/apigen/committed/proto_pool.h"

namespace gateway::apigen {
namespace {

namespace pb = google::protobuf;

// Reads one file into the lock. Notes each comment that it takes into the model, so that a comment
// that would be lost can be found.
class FileReader {
 public:
  FileReader(const pb::FileDescriptor& file, Lock& lock) : file_(file), lock_(lock) {}

  absl::Status Read(const std::string& text) {
    if (file_.options().GetExtension(gateway::v1::local_file)) {
      ReadLocalFile();
      return absl::OkStatus();
    }
    ReadNotes();
    for (int i = 0; i < file_.service_count(); ++i) ReadService(*file_.service(i));
    for (int i = 0; i < file_.message_type_count(); ++i) ReadMessage(*file_.message_type(i));
    for (int i = 0; i < file_.enum_type_count(); ++i) ReadEnum(*file_.enum_type(i));
    if (file_.extension_count() > 0) Fail(file_.name(), "an extension");
    if (status_.ok() && lock_.files[file_.name()].ours) {
      status_ = CheckNoCommentIsLost(file_.name(), text, comments_);
    }
    return status_;
  }

 private:
  void ReadLocalFile() {
    lock_.files[file_.name()];
    const auto add = [this](const std::string& name) {
      lock_.local_names.insert(name);
      lock_.outside_types[name] = file_.name();
    };
    for (int i = 0; i < file_.message_type_count(); ++i) add(file_.message_type(i)->name());
    for (int i = 0; i < file_.enum_type_count(); ++i) add(file_.enum_type(i)->name());
    for (int i = 0; i < file_.service_count(); ++i) {
      const pb::ServiceDescriptor& service = *file_.service(i);
      lock_.local_names.insert(service.name());
      for (int m = 0; m < service.method_count(); ++m) {
        Method method;
        method.options = service.method(m)->options();
        lock_.local_routes.insert(RouteOf(method));
      }
    }
  }

  void Fail(const std::string& element, absl::string_view what) {
    if (!status_.ok()) return;
    status_ = absl::UnimplementedError(
        absl::StrCat(file_.name(), ": ", element, ": ", what, " would be lost"));
  }

  template <typename Options>
  Options KeptOptions(const std::string& element, const Options& options) {
    if (!options.GetReflection()->GetUnknownFields(options).empty()) {
      Fail(element, "an option of an extension that apigen does not know");
    }
    return options;
  }

  Comments Take(const pb::SourceLocation& location) {
    Comments comments{location.leading_detached_comments, location.leading_comments,
                      location.trailing_comments};
    comments_.push_back(comments);
    return comments;
  }

  template <typename Descriptor>
  Comments CommentsOf(const Descriptor& descriptor) {
    pb::SourceLocation location;
    return descriptor.GetSourceLocation(&location) ? Take(location) : Comments();
  }

  Comments CommentsAt(const std::vector<int>& path) {
    pb::SourceLocation location;
    return file_.GetSourceLocation(path, &location) ? Take(location) : Comments();
  }

  // Returns the short name of a type of this file's package. For a type of another package, returns
  // the full name and adds the type to outside_types.
  template <typename Descriptor>
  std::string TypeName(const Descriptor& type) {
    if (type.file()->package() == file_.package()) return type.name();
    lock_.outside_types[type.full_name()] = type.file()->name();
    return type.full_name();
  }

  void ReadNotes() {
    FileNotes& notes = lock_.files[file_.name()];
    notes.ours = file_.service_count() + file_.message_type_count() + file_.enum_type_count() > 0;
    notes.head = CommentsAt({pb::FileDescriptorProto::kSyntaxFieldNumber});
    notes.package = CommentsAt({pb::FileDescriptorProto::kPackageFieldNumber});
    for (int i = 0; i < file_.dependency_count(); ++i) {
      notes.imports[file_.dependency(i)->name()] =
          CommentsAt({pb::FileDescriptorProto::kDependencyFieldNumber, i});
    }
    notes.options = KeptOptions(file_.name(), file_.options());
  }

  void ReadService(const pb::ServiceDescriptor& descriptor) {
    Service service;
    service.name = descriptor.name();
    service.stem = std::filesystem::path(file_.name()).stem().string();
    service.options = KeptOptions(descriptor.full_name(), descriptor.options());
    service.comments = CommentsOf(descriptor);
    for (int i = 0; i < descriptor.method_count(); ++i) {
      const pb::MethodDescriptor& method = *descriptor.method(i);
      const bool list = method.options().GetExtension(gateway::v1::method).has_pages();
      if (method.client_streaming() || method.server_streaming() != list) {
        Fail(method.full_name(), "streaming that is no list");
      }
      service.methods.push_back({method.name(), TypeName(*method.input_type()),
                                 TypeName(*method.output_type()),
                                 KeptOptions(method.full_name(), method.options()),
                                 CommentsOf(method), method.server_streaming()});
    }
    lock_.contract.services.push_back(std::move(service));
  }

  void ReadMessage(const pb::Descriptor& descriptor) {
    Message message;
    message.name = descriptor.name();
    lock_.places[message.name] = {file_.name(), descriptor.index()};
    message.options = KeptOptions(descriptor.full_name(), descriptor.options());
    message.comments = CommentsOf(descriptor);
    if (descriptor.real_oneof_decl_count() > 0) Fail(descriptor.full_name(), "a oneof");
    if (descriptor.enum_type_count() > 0) Fail(descriptor.full_name(), "a nested enum");
    for (int i = 0; i < descriptor.nested_type_count(); ++i) {
      if (!descriptor.nested_type(i)->options().map_entry()) {
        Fail(descriptor.full_name(), "a nested message");
      }
    }
    for (int i = 0; i < descriptor.field_count(); ++i) {
      message.fields.push_back(ReadField(*descriptor.field(i)));
    }
    for (int i = 0; i < descriptor.reserved_range_count(); ++i) {
      const auto& range = *descriptor.reserved_range(i);
      message.reserved.AddRange(range.start, range.end - 1);
    }
    ReadReserved(descriptor, pb::DescriptorProto::kReservedRangeFieldNumber,
                 pb::DescriptorProto::kReservedNameFieldNumber,
                 {pb::FileDescriptorProto::kMessageTypeFieldNumber, descriptor.index()},
                 message.reserved);
    lock_.contract.messages[message.name] = std::move(message);
  }

  template <typename Descriptor>
  void ReadReserved(const Descriptor& descriptor, int range_tag, int name_tag,
                    std::vector<int> path, Reserved& reserved) {
    for (int i = 0; i < descriptor.reserved_name_count(); ++i) {
      reserved.names.insert(descriptor.reserved_name(i));
    }
    path.push_back(range_tag);
    reserved.range_comments = CommentsAt(path);
    path.back() = name_tag;
    reserved.name_comments = CommentsAt(path);
  }

  Field ReadField(const pb::FieldDescriptor& descriptor) {
    Field field;
    field.name = descriptor.name();
    field.number = descriptor.number();
    field.options = KeptOptions(descriptor.full_name(), descriptor.options());
    field.comments = CommentsOf(descriptor);
    const pb::FieldDescriptor* value = &descriptor;
    if (descriptor.is_map()) {
      field.label = Label::kMap;
      value = descriptor.message_type()->map_value();
      if (descriptor.message_type()->map_key()->type() != pb::FieldDescriptor::TYPE_STRING) {
        Fail(descriptor.full_name(), "a map with keys that are not strings");
      }
    } else if (descriptor.is_repeated()) {
      field.label = Label::kRepeated;
    } else if (descriptor.has_optional_keyword()) {
      field.label = Label::kOptional;
    }
    field.type = value->message_type() != nullptr ? TypeName(*value->message_type())
                 : value->enum_type() != nullptr  ? TypeName(*value->enum_type())
                                                  : value->type_name();
    return field;
  }

  void ReadEnum(const pb::EnumDescriptor& descriptor) {
    Enum result;
    result.name = descriptor.name();
    lock_.places[result.name] = {file_.name(), descriptor.index()};
    result.options = KeptOptions(descriptor.full_name(), descriptor.options());
    result.comments = CommentsOf(descriptor);
    for (int i = 0; i < descriptor.value_count(); ++i) {
      const pb::EnumValueDescriptor& value = *descriptor.value(i);
      result.values.push_back({value.name(), value.number(),
                               KeptOptions(value.full_name(), value.options()), CommentsOf(value)});
    }
    for (int i = 0; i < descriptor.reserved_range_count(); ++i) {
      const auto& range = *descriptor.reserved_range(i);
      result.reserved.AddRange(range.start, range.end);
    }
    ReadReserved(descriptor, pb::EnumDescriptorProto::kReservedRangeFieldNumber,
                 pb::EnumDescriptorProto::kReservedNameFieldNumber,
                 {pb::FileDescriptorProto::kEnumTypeFieldNumber, descriptor.index()},
                 result.reserved);
    lock_.contract.enums[result.name] = std::move(result);
  }

  const pb::FileDescriptor& file_;
  Lock& lock_;
  std::vector<Comments> comments_;
  absl::Status status_;
};

std::vector<std::string> ProtoFilesIn(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".proto") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::string PackagePath(const std::string& package) {
  return absl::StrReplaceAll(package, {{".", "/"}});
}

absl::StatusOr<Lock> ReadLock(const std::string& proto_dir, const std::string& package,
                              const std::vector<std::string>& import_paths) {
  ProtoPool pool(proto_dir, import_paths, {});
  Lock lock;
  const std::string directory = PackagePath(package);
  for (const std::string& name : ProtoFilesIn(std::filesystem::path(proto_dir) / directory)) {
    const std::string path = absl::StrCat(directory, "/", name);
    const pb::FileDescriptor* file = pool.Find(path);
    if (file == nullptr) return absl::InvalidArgumentError(pool.error());
    if (file->package() != package) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": is not of package ", package));
    }
    absl::StatusOr<std::string> text = ReadFile(std::filesystem::path(proto_dir) / path);
    if (!text.ok()) return text.status();
    if (absl::Status status = FileReader(*file, lock).Read(*text); !status.ok()) return status;
  }
  return lock;
}

}  // namespace gateway::apigen
