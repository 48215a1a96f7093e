// A request that the sandbox declines. The provider's behaviour script decides the form of the
// error reply.
//
// Pure values.
#ifndef UPSTREAM_SANDBOX_REFUSAL_H_
#define UPSTREAM_SANDBOX_REFUSAL_H_

#include <string>
#include <vector>

#include "upstream/sandbox/json.h"
#include "upstream/sandbox/validator.h"

namespace gateway::sandbox {

struct Refusal {
  int status = 400;
  std::string code;
  std::string message;
  // The parts of the request that are wrong. Empty if the message already says everything.
  std::vector<Violation> violations;
};

Refusal NotFound(absl::string_view what);
Refusal BadRequest(std::vector<Violation> violations);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_REFUSAL_H_
