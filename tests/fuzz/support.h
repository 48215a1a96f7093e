// What the fuzz targets share. An input of those that need a route begins with a line that names
// one, so that a corpus stays good when operations are added.
#ifndef TESTS_FUZZ_SUPPORT_H_
#define TESTS_FUZZ_SUPPORT_H_

#include "absl/strings/string_view.h"
#include "tests/fuzz/require.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/route.h"

namespace gateway::fuzz {

// What a caller relies on in whatever went wrong.
void RequireTellsWhy(const mapping::Failure& failure);

struct RouteInput {
  const mapping::Route* route;
  absl::string_view rest;
};

// Of all routes of the embedded protos; a name that none has stands for one of them as well.
RouteInput SplitRoute(absl::string_view input);

}  // namespace gateway::fuzz

#endif  // TESTS_FUZZ_SUPPORT_H_
