#include "upstream/mapping/failure.h"

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

}  // namespace gateway::mapping
