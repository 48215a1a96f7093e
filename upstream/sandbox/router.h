// Finds the operation that a request's verb and path name.
//
// Immutable after construction, hence thread-safe. The contract must outlive it.
#ifndef UPSTREAM_SANDBOX_ROUTER_H_
#define UPSTREAM_SANDBOX_ROUTER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/sandbox/contract.h"

namespace gateway::sandbox {

// The path and the query of a request target, split and percent-decoded.
struct Target {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;
};

// Removes percent-encoding.
std::string Decode(absl::string_view text, bool plus_is_space);

Target ParseTarget(absl::string_view target);

class Router {
 public:
  struct Match {
    // nullptr if no operation matches; path_known then says whether the path alone matches.
    const Operation* operation = nullptr;
    // The values of the operation's path parameters, in its order.
    std::vector<std::string> values;
    // Whether some operation has this path, under this verb or another one.
    bool path_known = false;
  };

  explicit Router(const Contract& contract);

  // If several paths match, the path that has a literal, not a parameter, at the leftmost
  // difference wins.
  Match Find(absl::string_view verb, const std::vector<std::string>& segments) const;

 private:
  struct Route {
    const Operation* operation;
    // "" stands for a parameter.
    std::vector<std::string> parts;
  };
  static bool Fits(const Route& route, const std::vector<std::string>& segments);

  // Sorted so that the better of two matching routes comes first.
  std::vector<Route> routes_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_ROUTER_H_
