#include "tests/docs/markdown.h"

#include <regex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace gateway {
namespace {

constexpr absl::string_view kFence = "```";

// Whether the command continues on the next line: it ends inside quotes or with a backslash.
bool GoesOn(absl::string_view command) {
  char quote = 0;
  bool escaped = false;
  for (const char c : command) {
    if (escaped) {
      escaped = false;
    } else if (c == '\\' && quote != '\'') {
      escaped = true;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    }
  }
  return quote != 0 || escaped;
}

std::string WithoutFences(absl::string_view markdown) {
  std::string text;
  bool fenced = false;
  for (absl::string_view line : absl::StrSplit(markdown, '\n')) {
    const bool fence = absl::StartsWith(line, kFence);
    if (fence) fenced = !fenced;
    if (!fence && !fenced) absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::vector<std::string> FirstGroups(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> found;
  for (auto match = std::sregex_iterator(text.begin(), text.end(), pattern);
       match != std::sregex_iterator(); ++match) {
    found.push_back((*match)[1]);
  }
  return found;
}

}  // namespace

std::vector<std::string> FencedBlocks(absl::string_view markdown, absl::string_view info) {
  std::vector<std::string> blocks;
  bool fenced = false;
  bool wanted = false;
  for (absl::string_view line : absl::StrSplit(markdown, '\n')) {
    if (absl::ConsumePrefix(&line, kFence)) {
      wanted = !fenced && line == info;
      fenced = !fenced;
      if (wanted) blocks.emplace_back();
    } else if (wanted) {
      absl::StrAppend(&blocks.back(), line, "\n");
    }
  }
  return blocks;
}

std::vector<std::string> Commands(absl::string_view block, absl::string_view word) {
  std::vector<std::string> commands;
  std::string command;
  for (absl::string_view line : absl::StrSplit(block, '\n')) {
    absl::StrAppend(&command, command.empty() ? "" : "\n", line);
    if (GoesOn(command)) continue;
    if (command == word || absl::StartsWith(command, absl::StrCat(word, " "))) {
      commands.push_back(command);
    }
    command.clear();
  }
  if (!command.empty()) commands.push_back(command);  // an open quote: the shell will report it
  return commands;
}

std::vector<std::string> CodeSpans(absl::string_view markdown) {
  return FirstGroups(WithoutFences(markdown), std::regex("`([^`\n]+)`"));
}

std::vector<std::string> RelativeLinks(absl::string_view markdown) {
  return FirstGroups(WithoutFences(markdown), std::regex(R"(\]\((?![a-z]+:|#)([^)#\s]+)[^)]*\))"));
}

std::string Between(absl::string_view markdown, absl::string_view name) {
  const std::string begin = absl::StrCat("<!-- ", name, " -->\n");
  const size_t from = markdown.find(begin);
  const size_t to = markdown.find(absl::StrCat("<!-- /", name, " -->"));
  if (from == absl::string_view::npos || to == absl::string_view::npos || to < from) return "";
  return std::string(markdown.substr(from + begin.size(), to - from - begin.size()));
}

}  // namespace gateway
