// Finds the elements that a person should review after a run: new elements without a comment,
// comments whose subject changed, and fields that may hold sensitive data. Pure functions.
#ifndef TOOLS_APIGEN_REPORT_REVIEW_H_
#define TOOLS_APIGEN_REPORT_REVIEW_H_

#include <string>
#include <vector>

#include "tools/apigen/committed/record.h"
#include "tools/apigen/model/model.h"
#include "tools/apigen/report/changes.h"

namespace gateway::apigen {

struct Candidate {
  std::string field;
  // A field of the same name that is marked `sensitive` or `credential`, or else the suspicious
  // word in the name.
  std::string like;
};

struct Review {
  std::vector<std::string> uncommented;
  std::vector<Candidate> sensitive;
  std::vector<std::string> stale_comments;
};

// `then` and `now`: records of the previous and of this version. An empty `then` is not compared.
Review Examine(const Contract& before, const Contract& after, const std::vector<Change>& changes,
               const Record& then, const Record& now);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_REPORT_REVIEW_H_
