#include "tests/fuzz/support.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "absl/status/status.h"
#include "upstream/mapping/descriptors.h"

namespace gateway::fuzz {
namespace {

const std::vector<mapping::Route>& Routes() {
  static const auto& table = *new absl::StatusOr<std::unique_ptr<const mapping::RouteTable>>(
      mapping::RouteTable::Compile(mapping::EmbeddedFiles()));
  Require(table.ok(), "the embedded protos are routes");
  return (*table)->routes();
}

}  // namespace

void RequireTellsWhy(const mapping::Failure& failure) {
  Require(failure.code != absl::StatusCode::kOk, "a failure has a code");
  Require(!failure.reason.empty() && !failure.message.empty(), "a failure says why");
  for (const mapping::Violation& violation : failure.violations) {
    Require(!violation.description.empty(), "a violation says what is wrong");
  }
}

RouteInput SplitRoute(absl::string_view input) {
  const size_t end = std::min(input.find('\n'), input.size());
  const absl::string_view name = input.substr(0, end);
  const absl::string_view rest = input.substr(std::min(end + 1, input.size()));
  const std::vector<mapping::Route>& routes = Routes();
  for (const mapping::Route& route : routes) {
    if (route.full_name == name) return {&route, rest};
  }
  const size_t any = std::accumulate(name.begin(), name.end(), size_t{0}, [](size_t sum, char c) {
    return sum * 31 + static_cast<unsigned char>(c);
  });
  return {&routes[any % routes.size()], rest};
}

}  // namespace gateway::fuzz
