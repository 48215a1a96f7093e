// Guards against losing a comment: protobuf's parser attaches only those that stand next to an
// element.
#ifndef TOOLS_APIGEN_COMMENTS_H_
#define TOOLS_APIGEN_COMMENTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/apigen/model.h"

namespace gateway::apigen {

// An error that names the first line of `text` with a comment that is not among `taken`. Block
// comments are refused altogether, since they would come back as line comments.
absl::Status CheckNoCommentIsLost(const std::string& file, absl::string_view text,
                                  const std::vector<Comments>& taken);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_COMMENTS_H_
