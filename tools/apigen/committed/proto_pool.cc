#include "tools/apigen/committed/proto_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace gateway::apigen {

google::protobuf::io::ZeroCopyInputStream* ProtoPool::Sources::Open(const std::string& path) {
  if (hidden.count(path) > 0) return nullptr;
  const auto text = texts.find(path);
  if (text == texts.end()) return DiskSourceTree::Open(path);
  // The caller takes ownership.
  return new google::protobuf::io::ArrayInputStream(text->second.data(),
                                                    static_cast<int>(text->second.size()));
}

void ProtoPool::FirstError::AddError(const std::string& file, int line, int column,
                                     const std::string& message) {
  if (text.empty()) text = absl::StrCat(file, ":", line + 1, ":", column + 1, ": ", message);
}

ProtoPool::ProtoPool(const std::string& proto_dir, const std::vector<std::string>& import_paths,
                     std::map<std::string, std::string> texts)
    : compiled_in_(*google::protobuf::DescriptorPool::generated_pool()),
      database_(&sources_, &compiled_in_),
      pool_(&database_, database_.GetValidationErrorCollector()) {
  sources_.texts = std::move(texts);
  sources_.MapPath("", proto_dir);
  for (const std::string& path : import_paths) sources_.MapPath("", path);
  database_.RecordErrorsTo(&errors_);
}

}  // namespace gateway::apigen
