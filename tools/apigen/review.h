// What a person should look at after a run: new things without a comment, comments whose subject
// changed, and fields that look like ones that are never shown. Pure functions.
#ifndef TOOLS_APIGEN_REVIEW_H_
#define TOOLS_APIGEN_REVIEW_H_

#include <string>
#include <vector>

#include "tools/apigen/changes.h"
#include "tools/apigen/model.h"
#include "tools/apigen/record.h"

namespace gateway::apigen {

struct Candidate {
  std::string field;
  // The field that it resembles, or the word in its name.
  std::string like;
};

struct Review {
  std::vector<std::string> uncommented;
  std::vector<Candidate> sensitive;
  std::vector<std::string> stale_comments;
};

// Records of the version before and of this one; an empty one before is not compared.
Review Examine(const Contract& before, const Contract& after, const std::vector<Change>& changes,
               const Record& then, const Record& now);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_REVIEW_H_
