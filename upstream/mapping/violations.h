// Collects all errors of one request, each with the path of its field.
#ifndef UPSTREAM_MAPPING_VIOLATIONS_H_
#define UPSTREAM_MAPPING_VIOLATIONS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/mapping/failure.h"

namespace gateway::mapping {

// The position of a value, as a chain of Paths on the stack, from the value up to the root: it
// costs almost nothing unless it is printed. Parents and names must outlive the Path.
struct Path {
  const Path* parent = nullptr;
  absl::string_view name;            // of a field; empty for an element
  std::optional<size_t> index = {};  // of an element of a list
  bool is_key = false;               // `name` is a key of a map, not a field

  // "body.lines[2].metadata["color"]"
  std::string ToString() const;
};

class Violations {
 public:
  // Violations beyond this are only counted: otherwise a broken client could make the answer as
  // large as its request.
  static constexpr size_t kLimit = 100;

  void Add(const Path& at, absl::string_view description);

  bool empty() const { return violations_.empty(); }
  // Includes the violations beyond kLimit.
  size_t count() const { return count_; }
  std::vector<Violation> Take() { return std::move(violations_); }

 private:
  std::vector<Violation> violations_;
  size_t count_ = 0;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_VIOLATIONS_H_
