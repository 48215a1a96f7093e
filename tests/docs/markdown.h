// Extracts commands, code spans, links and marked sections from a Markdown file.
//
// Thread-safety: pure functions.
#ifndef TESTS_DOCS_MARKDOWN_H_
#define TESTS_DOCS_MARKDOWN_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway {

// Returns the contents of every fenced block with this info string ("sh"; "" means no info string).
std::vector<std::string> FencedBlocks(absl::string_view markdown, absl::string_view info);

// Returns the commands of a shell block that begin with `word`, each with its continuation lines:
// lines after a backslash, and lines of a quoted string.
std::vector<std::string> Commands(absl::string_view block, absl::string_view word);

// Returns the contents of every `code span` outside fenced blocks.
std::vector<std::string> CodeSpans(absl::string_view markdown);

// Returns the relative targets of [links](...), without their #fragment.
std::vector<std::string> RelativeLinks(absl::string_view markdown);

// Returns the text between the lines `<!-- name -->` and `<!-- /name -->`; "" if they are missing.
std::string Between(absl::string_view markdown, absl::string_view name);

}  // namespace gateway

#endif  // TESTS_DOCS_MARKDOWN_H_
