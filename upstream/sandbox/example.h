// Makes values that conform to the contract, for the sandbox's own state and for round-trip tests.
//
// Pure and deterministic: the same type and options give the same value in every process. Every
// seed gives a conforming value. Different seeds give different texts, numbers and enum values.
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
  // Every field, two elements in every array and map, and one undeclared member in each object that
  // the contract declares open.
  kFull,
  // Only required fields; arrays and maps are empty.
  kRequiredOnly,
  // Every field; null wherever the contract allows null.
  kNulls,
  // Every field at the edge of its range: least and greatest numbers; empty, long and hostile
  // texts; first and last instants; empty arrays as well as full ones.
  kExtremes,
};

struct ExampleOptions {
  Fill fill = Fill::kFull;
  uint64_t seed = 1;
  // Objects nested deeper than this get only their required fields, so that a recursive schema
  // ends.
  int max_depth = 8;
  // The present, for fields whose time must lie in the future.
  absl::Time now = absl::Now();
  // Called with the name of every member. If it returns a value other than Absent(), that value is
  // used instead of a generated one.
  std::function<Json(absl::string_view member)> known;
};

Json Example(const Type& type, const ExampleOptions& options);

// Makes a value for one path or query parameter, within its bounds. For a repeatable parameter it
// makes one element.
Json ExampleParameter(const Parameter& parameter, const ExampleOptions& options);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_EXAMPLE_H_
