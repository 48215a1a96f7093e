// What a Markdown file gives its readers to paste, to follow and to open.
//
// Thread-safety: pure functions.
#ifndef TESTS_DOCS_MARKDOWN_H_
#define TESTS_DOCS_MARKDOWN_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway {

// The contents of every fenced block with this info string ("sh"; "" for none).
std::vector<std::string> FencedBlocks(absl::string_view markdown, absl::string_view info);

// The commands of a shell block that begin with `word`, each with the lines that belong to it:
// those after a backslash, and those of a quoted string.
std::vector<std::string> Commands(absl::string_view block, absl::string_view word);

// The contents of every `code span` outside of fenced blocks.
std::vector<std::string> CodeSpans(absl::string_view markdown);

// The targets of [links](...) that are relative, without their #fragment.
std::vector<std::string> RelativeLinks(absl::string_view markdown);

// What stands between the lines `<!-- name -->` and `<!-- /name -->`; "" where they are not.
std::string Between(absl::string_view markdown, absl::string_view name);

}  // namespace gateway

#endif  // TESTS_DOCS_MARKDOWN_H_
