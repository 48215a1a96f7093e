#include "upstream/sandbox/router.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "upstream/sandbox/form.h"

namespace gateway::sandbox {
std::string Decode(absl::string_view text, bool plus_is_space) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        absl::ascii_isxdigit(text[i + 1]) && absl::ascii_isxdigit(text[i + 2]);
    if (escape) {
      decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

Target ParseTarget(absl::string_view target) {
  Target parsed;
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(target.substr(0, target.find('#')), absl::MaxSplits('?', 1));
  for (absl::string_view segment : absl::StrSplit(halves.first, '/')) {
    parsed.segments.push_back(Decode(segment, /*plus_is_space=*/false));
  }
  parsed.query = ParsePairs(halves.second);
  return parsed;
}

Router::Router(const Contract& contract) {
  for (const Operation& operation : contract.operations()) {
    Route route{&operation, {}};
    for (absl::string_view part : absl::StrSplit(operation.path, '/')) {
      const bool parameter = !part.empty() && part.front() == '{';
      route.parts.push_back(parameter ? "" : std::string(part));
    }
    routes_.push_back(std::move(route));
  }
  std::stable_sort(routes_.begin(), routes_.end(), [](const Route& left, const Route& right) {
    return std::lexicographical_compare(
        left.parts.begin(), left.parts.end(), right.parts.begin(), right.parts.end(),
        [](const std::string& a, const std::string& b) { return !a.empty() && b.empty(); });
  });
}

bool Router::Fits(const Route& route, const std::vector<std::string>& segments) {
  if (route.parts.size() != segments.size()) return false;
  // parts[0] and segments[0] are the empty text before the leading slash.
  for (size_t i = 1; i < segments.size(); ++i) {
    if (route.parts[i].empty() ? segments[i].empty() : route.parts[i] != segments[i]) return false;
  }
  return segments.front().empty();
}

Router::Match Router::Find(absl::string_view verb, const std::vector<std::string>& segments) const {
  Match match;
  for (const Route& route : routes_) {
    if (!Fits(route, segments)) continue;
    match.path_known = true;
    if (route.operation->verb != verb) continue;
    match.operation = route.operation;
    for (size_t i = 1; i < segments.size(); ++i) {
      if (route.parts[i].empty()) match.values.push_back(segments[i]);
    }
    break;
  }
  return match;
}

}  // namespace gateway::sandbox
