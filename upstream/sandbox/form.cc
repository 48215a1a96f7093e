#include "upstream/sandbox/form.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "upstream/sandbox/router.h"
#include "upstream/sandbox/validator.h"

namespace gateway::sandbox {
namespace {

// "a[b][0].c" -> a, b, 0, c; "a[]" -> a and an empty part.
std::vector<std::string> PartsOf(absl::string_view name) {
  std::vector<std::string> parts = {""};
  for (const char c : name) {
    if (c == '[' || c == '.') {
      parts.emplace_back();
    } else if (c != ']') {
      parts.back().push_back(c);
    }
  }
  return parts;
}

bool IsNumber(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

class FormReader {
 public:
  // Adds `text` to `value` at the path that starts at parts[part].
  void Add(const Type& type, const std::vector<std::string>& parts, size_t part,
           const std::string& text, Json& value) {
    if (type.kind == Type::Kind::kArray) return AddElement(type, parts, part, text, value);
    if (part == parts.size()) {
      value = value.is_null() ? ReadScalar(type, text) : Json::array({value, text});
      return;
    }
    if (!value.is_object()) value = Json::object();
    Add(MemberType(type, parts[part]), parts, part + 1, text, value[parts[part]]);
  }

 private:
  void AddElement(const Type& type, const std::vector<std::string>& parts, size_t part,
                  const std::string& text, Json& value) {
    if (!value.is_array()) value = Json::array();
    const bool indexed = part < parts.size() && IsNumber(parts[part]);
    const bool bracketed = part < parts.size() && parts[part].empty();
    const size_t index = indexed
                             ? std::min<size_t>(std::stoul(parts[part].substr(0, 6)), value.size())
                             : value.size();
    if (index == value.size()) value.push_back(nullptr);
    Add(*type.element, parts, part + (indexed || bracketed ? 1 : 0), text, value[index]);
  }

  const Type& MemberType(const Type& type, const std::string& name) const {
    if (type.kind == Type::Kind::kMap) return *type.element;
    if (type.kind == Type::Kind::kRef) {
      const Field* field = type.schema->Find(name);
      if (field != nullptr) return field->type;
    }
    return free_;
  }

  const Type free_ = {};  // of any kind
};

}  // namespace

Pairs ParsePairs(absl::string_view text) {
  Pairs pairs;
  for (const absl::string_view item : absl::StrSplit(text, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(item, absl::MaxSplits('=', 1));
    pairs.emplace_back(Decode(pair.first, true), Decode(pair.second, true));
  }
  return pairs;
}

Json ReadForm(const Type& type, const Pairs& pairs) {
  Json value = Json::object();
  for (const auto& [name, text] : pairs) FormReader().Add(type, PartsOf(name), 0, text, value);
  return value;
}

}  // namespace gateway::sandbox
