// Parses metrics in Prometheus' text format.
//
// Pure functions.
#ifndef TESTS_FAULTS_METRICS_TEXT_H_
#define TESTS_FAULTS_METRICS_TEXT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway::faults {

using Labels = std::map<std::string, std::string>;

struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
};

// A line that is neither a comment nor a sample is a test failure.
std::vector<Sample> ParseMetrics(absl::string_view text);

// Returns the sum of all samples with this name that have at least these labels.
double Sum(const std::vector<Sample>& samples, absl::string_view name, const Labels& labels = {});

}  // namespace gateway::faults

#endif  // TESTS_FAULTS_METRICS_TEXT_H_
