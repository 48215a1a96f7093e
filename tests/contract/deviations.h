// The differences that are meant: where the protos answer an oddity of the upstream otherwise than
// its contract says. They stand in deviations.<provider>.json, each with its reason, word for word
// as the comparison reports them. One that is not found any more is as wrong as one that is not
// listed.
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
  std::vector<Difference> vanished;  // listed as a deviation, and not found

  bool agreed() const { return unexplained.empty() && vanished.empty(); }
};

// `differences` are all there are.
Verdict Judge(const std::vector<Difference>& differences, const std::vector<Deviation>& deviations);

// `differences` are those of the one unit; the deviations of others are not looked for.
Verdict JudgeUnit(const std::string& unit, const std::vector<Difference>& differences,
                  const std::vector<Deviation>& deviations);

// One line per difference; empty if there is none.
std::string Report(const Verdict& verdict);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_DEVIATIONS_H_
