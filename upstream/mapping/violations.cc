#include "upstream/mapping/violations.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace gateway::mapping {
namespace {

// A map key comes from the caller: it may be long, or not valid text.
constexpr size_t kMaxKeyShown = 64;

void Append(const Path& path, std::string& out) {
  if (path.parent != nullptr) Append(*path.parent, out);
  if (path.index) {
    absl::StrAppend(&out, "[", *path.index, "]");
  } else if (path.is_key) {
    absl::StrAppend(&out, "[\"", absl::CEscape(path.name.substr(0, kMaxKeyShown)), "\"]");
  } else if (!path.name.empty()) {
    absl::StrAppend(&out, out.empty() ? "" : ".", path.name);
  }
}

}  // namespace

std::string Path::ToString() const {
  std::string text;
  Append(*this, text);
  return text;
}

void Violations::Add(const Path& at, absl::string_view description) {
  if (++count_ > kLimit) return;
  violations_.push_back({at.ToString(), std::string(description)});
}

}  // namespace gateway::mapping
