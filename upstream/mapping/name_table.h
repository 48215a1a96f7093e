// Finds one of a fixed set of names in one probe: a hash table without collisions.
//
// Thread-safety: immutable once built. Lifetime: the names' texts must outlive it.
#ifndef UPSTREAM_MAPPING_NAME_TABLE_H_
#define UPSTREAM_MAPPING_NAME_TABLE_H_

#include <cstdint>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "upstream/mapping/swar.h"

namespace gateway::mapping {

class NameTable {
 public:
  static constexpr size_t kNone = ~size_t{0};

  NameTable() : NameTable(std::vector<absl::string_view>()) {}

  // The names are different from each other, and fewer than 65,535.
  explicit NameTable(std::vector<absl::string_view> names);

  // Returns the position of the name in the constructor's list, or kNone. Called for every member
  // of a reply, so its indices, which are right by construction, are not checked.
  ABSL_ATTRIBUTE_ALWAYS_INLINE size_t Find(absl::string_view name) const {
    const size_t place = places_.data()[Hash(name, seed_) >> shift_];
    return place != 0 && swar::IsSame(names_.data()[place - 1], name) ? place - 1 : kNone;
  }

 private:
  static uint64_t Hash(absl::string_view name, uint64_t seed) {
    constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;  // of Fibonacci hashing
    uint64_t hash = seed ^ name.size();
    while (name.size() > 8) {
      hash = (hash ^ swar::Load8(name.data())) * kFactor;
      hash ^= hash >> 32;
      name.remove_prefix(8);
    }
    return (hash ^ swar::LoadUpTo8(name.data(), name.size())) * kFactor;
  }

  bool TryFill(uint64_t seed);

  std::vector<absl::string_view> names_;
  std::vector<uint16_t> places_;  // a name's position, counted from 1; 0 for a free place
  uint64_t seed_ = 0;
  int shift_ = 0;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_NAME_TABLE_H_
