// The report of a run: Markdown for people and JSON for machines, with the same content.
#ifndef TOOLS_APIGEN_REPORT_REPORT_H_
#define TOOLS_APIGEN_REPORT_REPORT_H_

#include <string>
#include <vector>

#include "tools/apigen/merge/type_names.h"
#include "tools/apigen/openapi/notes.h"
#include "tools/apigen/report/changes.h"
#include "tools/apigen/report/review.h"

namespace gateway::apigen {

struct Report {
  std::string package;
  // Versions of the upstream's contract, before and now; empty if unknown.
  std::string version_before;
  std::string version;
  std::vector<Change> changes;
  std::vector<Question> questions;
  std::vector<Note> notes;
  Review review;
  size_t services = 0;
  size_t rpcs = 0;
  size_t messages = 0;
  size_t enums = 0;

  size_t breaking() const;
};

// Breaking changes come first, then questions, then renames, then all else.
std::string Markdown(const Report& report);

// {"package", "version", "version_before", "counts": {...}, "changes": [{"kind", "subject",
// "detail", "breaks": ["wire"...], "rpcs": [...]}], "questions": [{"type", "candidates"}], "notes":
// [{"effect", "pointer", "what"}], "uncommented": [...], "sensitive": [{"field", "like"}],
// "stale_comments": [...], "rpcs_affected": [...]}
std::string JsonText(const Report& report);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_REPORT_REPORT_H_
