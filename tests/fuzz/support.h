// Shared parts of the fuzz targets. An input for a target that needs a route begins with a line
// that names the route, so that a corpus stays valid when operations are added.
#ifndef TESTS_FUZZ_SUPPORT_H_
#define TESTS_FUZZ_SUPPORT_H_

#include "absl/strings/string_view.h"
#include "tests/fuzz/require.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/route.h"

namespace gateway::fuzz {

// Requires that a failure has a code, a reason and a message, and a description of each violation.
void RequireTellsWhy(const mapping::Failure& failure);

struct RouteInput {
  const mapping::Route* route;
  absl::string_view rest;
};

// Splits off the route's name. Routes are those of the embedded protos; an unknown name also
// selects one of them.
RouteInput SplitRoute(absl::string_view input);

}  // namespace gateway::fuzz

#endif  // TESTS_FUZZ_SUPPORT_H_
