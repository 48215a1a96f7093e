#include "upstream/mapping/path_template.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gateway::mapping {
namespace {

bool IsLiteral(char c) {
  return absl::ascii_isalnum(c) || absl::string_view("-._~$@:").find(c) != absl::string_view::npos;
}

bool IsFieldName(char c) { return absl::ascii_isalnum(c) || c == '_'; }

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  absl::StatusOr<PathTemplate> Parse() {
    if (text_.empty()) return Expected("\"/\"");
    while (position_ < text_.size()) {
      const absl::Status status = Segment();
      if (!status.ok()) return status;
    }
    if (!literal_.empty()) template_.parts.push_back({literal_, ""});
    return template_;
  }

 private:
  absl::Status Segment() {
    if (text_[position_] != '/') return Expected("\"/\"");
    literal_.push_back(text_[position_++]);
    if (position_ < text_.size() && text_[position_] == '{') return Field();
    const absl::string_view word = Take(IsLiteral);
    if (word.empty() || word == "." || word == "..") {
      position_ -= word.size();
      return Expected("a path segment");
    }
    absl::StrAppend(&literal_, word);
    return absl::OkStatus();
  }

  absl::Status Field() {
    ++position_;
    const absl::string_view name = Take(IsFieldName);
    if (name.empty()) return Expected("a field name");
    if (position_ == text_.size() || text_[position_] != '}') return Expected("\"}\"");
    ++position_;
    template_.parts.push_back({std::move(literal_), std::string(name)});
    literal_.clear();
    return absl::OkStatus();
  }

  absl::string_view Take(bool (*belongs)(char)) {
    const size_t begin = position_;
    while (position_ < text_.size() && belongs(text_[position_])) ++position_;
    return text_.substr(begin, position_ - begin);
  }

  absl::Status Expected(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("path template \"", text_, "\", column ", position_ + 1, ": expected ", what));
  }

  absl::string_view text_;
  size_t position_ = 0;
  std::string literal_;
  PathTemplate template_;
};

}  // namespace

absl::StatusOr<PathTemplate> PathTemplate::Parse(absl::string_view text) {
  return Parser(text).Parse();
}

}  // namespace gateway::mapping
