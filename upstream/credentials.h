// The keys that one upstream's requests carry: one for each store that has its own, and one for all
// others.
//
// Thread-safety: immutable. A key is never printed, and is overwritten in memory when it is let go.
#ifndef UPSTREAM_CREDENTIALS_H_
#define UPSTREAM_CREDENTIALS_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace gateway {

class Credentials {
 public:
  // An empty default key: only the stores named are served.
  Credentials(std::string default_key, absl::flat_hash_map<std::string, std::string> store_keys);
  ~Credentials();
  Credentials(Credentials&&) = default;
  Credentials& operator=(Credentials&&) = default;

  // "" where there is no key for this store. Valid as long as this object.
  absl::string_view KeyFor(absl::string_view store) const;

 private:
  std::string default_key_;
  absl::flat_hash_map<std::string, std::string> store_keys_;
};

}  // namespace gateway

#endif  // UPSTREAM_CREDENTIALS_H_
