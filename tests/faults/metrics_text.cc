#include "tests/faults/metrics_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace gateway::faults {
namespace {

// Parses a line such as name{label="text",...} value. Returns nullopt if it is not a sample.
std::optional<Sample> ParseLine(absl::string_view line) {
  Sample sample;
  const size_t space = line.rfind(' ');
  if (space == line.npos || !absl::SimpleAtod(line.substr(space + 1), &sample.value)) {
    return std::nullopt;
  }
  absl::string_view key = line.substr(0, space);
  const size_t brace = key.find('{');
  sample.name = std::string(key.substr(0, brace));
  if (brace == key.npos) return sample;
  if (key.back() != '}') return std::nullopt;
  for (key = key.substr(brace + 1); key.size() > 1;) {
    const size_t begin = key.find("=\"");
    const size_t end = begin == key.npos ? key.npos : key.find('"', begin + 2);
    if (end == key.npos) return std::nullopt;
    sample.labels.emplace(key.substr(0, begin), key.substr(begin + 2, end - begin - 2));
    key.remove_prefix(std::min(key.size(), end + 2));  // skip the quote and the comma
  }
  return sample;
}

}  // namespace

std::vector<Sample> ParseMetrics(absl::string_view text) {
  std::vector<Sample> samples;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    std::optional<Sample> sample = ParseLine(line);
    EXPECT_TRUE(sample.has_value()) << "no metric: " << line;
    if (sample) samples.push_back(*std::move(sample));
  }
  return samples;
}

double Sum(const std::vector<Sample>& samples, absl::string_view name, const Labels& labels) {
  double sum = 0;
  for (const Sample& sample : samples) {
    const bool fits =
        sample.name == name && std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
          const auto found = sample.labels.find(label.first);
          return found != sample.labels.end() && found->second == label.second;
        });
    if (fits) sum += sample.value;
  }
  return sum;
}

}  // namespace gateway::faults
