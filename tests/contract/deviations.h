// Intended differences: where the protos deliberately differ from a mistake in the upstream's
// contract. They are listed in deviations.<provider>.json, each with its reason and with the exact
// text of the comparison. A listed deviation that is no longer found is an error, just as an
// unlisted difference is.
//
// Thread-safety: values. Errors: malformed data throws nlohmann's exceptions.
#ifndef TESTS_CONTRACT_DEVIATIONS_H_
#define TESTS_CONTRACT_DEVIATIONS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/contract/facts.h"

namespace gateway::contract {

struct Deviation {
  Difference difference;
  std::string reason;
};

std::vector<Deviation> ReadDeviations(const nlohmann::json& data);

struct Verdict {
  std::vector<Difference> unexplained;
  std::vector<Difference> vanished;  // listed as a deviation, but not found

  bool agreed() const { return unexplained.empty() && vanished.empty(); }
};

// `differences` must be the complete list.
Verdict Judge(const std::vector<Difference>& differences, const std::vector<Deviation>& deviations);

// `differences` must be those of this unit; deviations of other units are ignored.
Verdict JudgeUnit(const std::string& unit, const std::vector<Difference>& differences,
                  const std::vector<Deviation>& deviations);

// Returns one line per difference, or an empty text if there is none.
std::string Report(const Verdict& verdict);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_DEVIATIONS_H_
