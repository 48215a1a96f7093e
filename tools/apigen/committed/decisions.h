// Reads the decisions of people about one package: their answers to questions that apigen cannot
// answer by itself. They stand in a committed JSON file:
//
//   {
//     "renamed": {"CouponDurationDto": "CouponDurationEnum", "SaleDurationDto": ""},
//     "documented": "tests/contract/digest.paynow.json"
//   }
//
// `renamed` maps a schema of the upstream to the committed type that it is; "" means that the
// schema is none of the committed types. `documented` is the path of a digest file, from which
// struct Documented is read.
#ifndef TOOLS_APIGEN_COMMITTED_DECISIONS_H_
#define TOOLS_APIGEN_COMMITTED_DECISIONS_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"

namespace gateway::apigen {

// The elements that are named in the documents that the project was made from. apigen keeps such an
// element, as deprecated, even if the upstream removes it.
struct Documented {
  // In the format of RouteOf.
  std::set<std::string> routes;
  // The upstream's schema names, each with the names of its members or the texts of its enum
  // values.
  std::map<std::string, std::set<std::string>> schemas;
};

struct Decisions {
  std::map<std::string, std::string> renamed;
  Documented documented;
};

// An empty `path` means no decisions. The path in `documented` is relative to the working
// directory.
absl::StatusOr<Decisions> ReadDecisions(const std::string& path);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_COMMITTED_DECISIONS_H_
