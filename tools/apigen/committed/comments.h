// Guards against the loss of comments: protobuf's parser keeps only comments that stand next to an
// element.
#ifndef TOOLS_APIGEN_COMMITTED_COMMENTS_H_
#define TOOLS_APIGEN_COMMITTED_COMMENTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/apigen/model/model.h"

namespace gateway::apigen {

// `taken`: the comments of `text` that the model holds. Returns an error that names the first line
// of `text` whose comment is not in `taken`. Every block comment is an error, because it would be
// written back as line comments.
absl::Status CheckNoCommentIsLost(const std::string& file, absl::string_view text,
                                  const std::vector<Comments>& taken);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_COMMITTED_COMMENTS_H_
