#include "tools/apigen/model/naming.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gateway::apigen {
namespace {

// Whether the capital at `i` begins a word: after a small letter or a digit, or as the last capital
// of a run of capitals before a small letter.
bool OpensWord(absl::string_view name, size_t i) {
  if (i == 0 || !absl::ascii_isupper(name[i])) return false;
  if (absl::ascii_islower(name[i - 1]) || absl::ascii_isdigit(name[i - 1])) return true;
  return absl::ascii_isupper(name[i - 1]) && i + 1 < name.size() &&
         absl::ascii_islower(name[i + 1]);
}

}  // namespace

std::string SnakeCase(absl::string_view name) {
  std::string snake;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool letter = absl::ascii_isalnum(name[i]);
    const bool separates = !letter || OpensWord(name, i);
    if (separates && !snake.empty() && snake.back() != '_') snake += '_';
    if (letter) snake += absl::ascii_tolower(name[i]);
  }
  if (!snake.empty() && snake.back() == '_') snake.pop_back();
  return snake;
}

std::string UpperSnakeCase(absl::string_view name) {
  return absl::AsciiStrToUpper(SnakeCase(name));
}

std::string PascalCase(absl::string_view name) {
  std::string pascal;
  bool opens_word = true;
  for (char c : name) {
    if (!absl::ascii_isalnum(c)) {
      opens_word = true;
      continue;
    }
    pascal += opens_word ? absl::ascii_toupper(c) : c;
    opens_word = false;
  }
  return pascal;
}

bool IsIdentifier(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

std::string FieldName(absl::string_view json_name) {
  const bool snake_case_already =
      IsIdentifier(json_name) &&
      std::none_of(json_name.begin(), json_name.end(), absl::ascii_isupper);
  return snake_case_already ? std::string(json_name) : SnakeCase(json_name);
}

std::string EnumPrefix(absl::string_view enum_name) {
  return absl::StrCat(UpperSnakeCase(enum_name), "_");
}

}  // namespace gateway::apigen
