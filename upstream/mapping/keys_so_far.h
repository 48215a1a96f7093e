// Collects the keys of one object to find a repeated one. Most objects have few keys, so the first
// keys are kept without an allocation.
//
// Thread-safety: none. Lifetime: the keys' texts must outlive it.
#ifndef UPSTREAM_MAPPING_KEYS_SO_FAR_H_
#define UPSTREAM_MAPPING_KEYS_SO_FAR_H_

#include <cstddef>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

namespace gateway::mapping {

class KeysSoFar {
 public:
  // Returns false if the key was added before.
  bool Add(absl::string_view key) {
    if (absl::c_linear_search(first_, key)) return false;
    if (first_.size() < kFirst) {
      first_.push_back(key);
      return true;
    }
    return others_.insert(key).second;
  }

  size_t size() const { return first_.size() + others_.size(); }

 private:
  static constexpr size_t kFirst = 8;
  absl::InlinedVector<absl::string_view, kFirst> first_;
  absl::flat_hash_set<absl::string_view> others_;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_KEYS_SO_FAR_H_
