#include "tools/apigen/committed/comments.h"

#include <cstddef>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gateway::apigen {
namespace {

// Maps each line of the comments, without leading and trailing blanks, to how often it occurs.
using Lines = std::map<std::string, int>;

void Count(const std::string& comment, Lines& lines) {
  for (absl::string_view line : absl::StrSplit(comment, '\n')) {
    ++lines[std::string(absl::StripAsciiWhitespace(line))];
  }
}

// Returns the position of the first comment in a line, outside of quotes.
size_t FindComment(absl::string_view line) {
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    if (quote != 0) {
      if (line[i] == '\\') {
        ++i;
      } else if (line[i] == quote) {
        quote = 0;
      }
    } else if (line[i] == '"' || line[i] == '\'') {
      quote = line[i];
    } else if (line[i] == '/' && i + 1 < line.size()) {
      return i;
    }
  }
  return absl::string_view::npos;
}

}  // namespace

absl::Status CheckNoCommentIsLost(const std::string& file, absl::string_view text,
                                  const std::vector<Comments>& taken) {
  Lines lines;
  for (const Comments& comments : taken) {
    for (const std::string& detached : comments.detached) Count(detached, lines);
    Count(comments.leading, lines);
    Count(comments.trailing, lines);
  }
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const size_t at = FindComment(line);
    if (at == absl::string_view::npos) continue;
    if (line[at + 1] == '*') {
      return absl::UnimplementedError(
          absl::StrCat(file, ":", number, ": a block comment; use // instead"));
    }
    const std::string comment(absl::StripAsciiWhitespace(line.substr(at + 2)));
    if (!comment.empty() && --lines[comment] < 0) {
      return absl::UnimplementedError(
          absl::StrCat(file, ":", number,
                       ": a comment that no element carries would be lost; put it above one"));
    }
  }
  return absl::OkStatus();
}

}  // namespace gateway::apigen
