// What people decided about one package where the contract leaves it open: a JSON file, committed.
//
//   {
//     "renamed": {"CouponDurationDto": "CouponDurationEnum", "SaleDurationDto": ""},
//     "documented": "tests/contract/digest.paynow.json"
//   }
//
// `renamed`: a schema of the upstream, and the committed type that it is; "": it is none of them.
#ifndef TOOLS_APIGEN_DECISIONS_H_
#define TOOLS_APIGEN_DECISIONS_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"

namespace gateway::apigen {

// What the documents name that the project was made from. It stays when the upstream removes it.
struct Documented {
  // As RouteOf gives them.
  std::set<std::string> routes;
  // The upstream's names, each with the names of its members or the texts of its values.
  std::map<std::string, std::set<std::string>> schemas;
};

struct Decisions {
  std::map<std::string, std::string> renamed;
  Documented documented;
};

// `path` empty: no decisions. The path of `documented` counts from the working directory.
absl::StatusOr<Decisions> ReadDecisions(const std::string& path);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_DECISIONS_H_
