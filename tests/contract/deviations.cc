#include "tests/contract/deviations.h"

#include <algorithm>
#include <sstream>

namespace gateway::contract {
namespace {

void Settle(const Deviation& deviation, Verdict& verdict) {
  auto& open = verdict.unexplained;
  auto found = std::find(open.begin(), open.end(), deviation.difference);
  if (found == open.end()) {
    verdict.vanished.push_back(deviation.difference);
  } else {
    open.erase(found);
  }
}

}  // namespace

std::vector<Deviation> ReadDeviations(const nlohmann::json& data) {
  std::vector<Deviation> deviations;
  for (const nlohmann::json& entry : data.at("deviations")) {
    deviations.push_back(
        {{entry.at("unit"), entry.at("place"), entry.at("contract"), entry.at("protos")},
         entry.at("reason")});
  }
  return deviations;
}

Verdict Judge(const std::vector<Difference>& differences,
              const std::vector<Deviation>& deviations) {
  Verdict verdict = {differences, {}};
  for (const Deviation& deviation : deviations) Settle(deviation, verdict);
  return verdict;
}

Verdict JudgeUnit(const std::string& unit, const std::vector<Difference>& differences,
                  const std::vector<Deviation>& deviations) {
  Verdict verdict = {differences, {}};
  for (const Deviation& deviation : deviations) {
    if (deviation.difference.unit == unit) Settle(deviation, verdict);
  }
  return verdict;
}

std::string Report(const Verdict& verdict) {
  std::ostringstream lines;
  for (const Difference& difference : verdict.unexplained) lines << difference << "\n";
  for (const Difference& difference : verdict.vanished) {
    lines << difference << ": so deviations.json has it, but it is not so\n";
  }
  return lines.str();
}

}  // namespace gateway::contract
