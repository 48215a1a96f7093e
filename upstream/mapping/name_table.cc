#include "upstream/mapping/name_table.h"

#include <algorithm>
#include <bit>

namespace gateway::mapping {
namespace {

// Seeds tried per table size; if all collide, the table is doubled.
constexpr uint64_t kSeedsToTry = 200;

}  // namespace

NameTable::NameTable(const std::vector<absl::string_view>& names) {
  for (const absl::string_view name : names) names_.push_back({name, DigestOf(name, 0).tail});
  for (size_t size = std::bit_ceil(2 * names_.size() + 2);; size *= 2) {
    places_.resize(size);
    shift_ = 64 - std::countr_zero(size);
    for (uint64_t seed = 0; seed < kSeedsToTry; ++seed) {
      if (TryFill(seed)) return;
    }
  }
}

bool NameTable::TryFill(uint64_t seed) {
  seed_ = seed;
  std::fill(places_.begin(), places_.end(), uint16_t{0});
  for (size_t i = 0; i < names_.size(); ++i) {
    uint16_t& place = places_[DigestOf(names_[i].text, seed).hash >> shift_];
    if (place != 0) return false;
    place = static_cast<uint16_t>(i + 1);
  }
  return true;
}

}  // namespace gateway::mapping
