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
  explicit NameTable(const std::vector<absl::string_view>& names);

  // Returns the position of the name in the constructor's list, or kNone. Called for every member
  // of a reply, so its indices, which are right by construction, are not checked.
  ABSL_ATTRIBUTE_ALWAYS_INLINE size_t Find(absl::string_view name) const {
    const Digest digest = DigestOf(name, seed_);
    const size_t place = places_.data()[digest.hash >> shift_];
    return place != 0 && IsSame(names_.data()[place - 1], name, digest) ? place - 1 : kNone;
  }

 private:
  struct Digest {
    uint64_t hash;
    uint64_t tail;  // the last eight bytes of the name, or fewer, as a number
  };
  struct Name {
    absl::string_view text;
    uint64_t tail;
  };

  static Digest DigestOf(absl::string_view name, uint64_t seed) {
    constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;  // of Fibonacci hashing
    uint64_t hash = seed ^ name.size();
    while (name.size() > 8) {
      hash = (hash ^ swar::Load8(name.data())) * kFactor;
      hash ^= hash >> 32;
      name.remove_prefix(8);
    }
    const uint64_t tail = swar::LoadUpTo8(name.data(), name.size());
    return {(hash ^ tail) * kFactor, tail};
  }

  static bool IsSame(const Name& known, absl::string_view name, const Digest& digest) {
    if (known.tail != digest.tail || known.text.size() != name.size()) return false;
    for (size_t i = 0; i + 8 < name.size(); i += 8) {
      if (swar::Load8(known.text.data() + i) != swar::Load8(name.data() + i)) return false;
    }
    return true;
  }

  bool TryFill(uint64_t seed);

  std::vector<Name> names_;
  std::vector<uint16_t> places_;  // a name's position, counted from 1; 0 for a free place
  uint64_t seed_ = 0;
  int shift_ = 0;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_NAME_TABLE_H_
