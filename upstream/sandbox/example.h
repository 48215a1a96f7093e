// Makes values that conform to the contract: for the sandbox's own state, and for the round-trip
// tests of others.
//
// Pure and deterministic: the same type and options give the same value, in every process. Any seed
// gives a conforming value; different seeds give different texts, numbers and enum texts.
//
//   ExampleOptions options;
//   options.fill = Fill::kNulls;
//   Json order = Example(contract.Ref("OrderDto"), options);
#ifndef UPSTREAM_SANDBOX_EXAMPLE_H_
#define UPSTREAM_SANDBOX_EXAMPLE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

enum class Fill {
  // Every field, two elements in every array and map, and a member that is not known where there
  // may be such.
  kFull,
  // Required fields alone, empty arrays and maps.
  kRequiredOnly,
  // Every field, null wherever null may stand.
  kNulls,
  // Every field at the edge of its range: least and greatest numbers, empty and long and hostile
  // texts, first and last
  // instants, empty arrays as well as full ones.
  kExtremes,
};

struct ExampleOptions {
  Fill fill = Fill::kFull;
  uint64_t seed = 1;
  // Objects nested deeper than this get their required fields alone, so that a recursive schema
  // ends.
  int max_depth = 8;
  // What times that must lie ahead are taken from.
  absl::Time now = absl::Now();
  // Asked for every member by its name; an answer that is not absent is taken in place of a made
  // one.
  std::function<Json(absl::string_view member)> known;
};

Json Example(const Type& type, const ExampleOptions& options);

// The same for one parameter of a path or a query: within its bounds, one element where it may be
// repeated.
Json ExampleParameter(const Parameter& parameter, const ExampleOptions& options);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_EXAMPLE_H_
