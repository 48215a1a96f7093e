#include "upstream/mapping/failure.h"

#include <string>

namespace gateway::mapping {

absl::string_view Name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kNotSent:
      return "not_sent";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kUnknown:
      return "unknown";
  }
  return "unknown";
}

Failure NotSent(absl::StatusCode code, absl::string_view reason, absl::string_view message) {
  Failure failure;
  failure.code = code;
  failure.outcome = Outcome::kNotSent;
  failure.reason = std::string(reason);
  failure.message = std::string(message);
  return failure;
}

}  // namespace gateway::mapping
