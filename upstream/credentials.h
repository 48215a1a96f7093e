// The keys that one upstream's requests carry: one key for each store that has its own, and a
// default key for all other stores.
//
// Thread-safety: Credentials are immutable; a KeyRenewal may be used from any thread. A key is
// never printed, and is overwritten in memory when its Credentials are destroyed.
#ifndef UPSTREAM_CREDENTIALS_H_
#define UPSTREAM_CREDENTIALS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace gateway {

class Credentials {
 public:
  // If the default key is empty, only the stores in `store_keys` are served.
  Credentials(std::string default_key, absl::flat_hash_map<std::string, std::string> store_keys);
  ~Credentials();
  Credentials(Credentials&&) = default;
  Credentials& operator=(Credentials&&) = default;
  bool operator==(const Credentials&) const = default;

  // Returns "" if there is no key for this store. The result is valid as long as this object.
  absl::string_view KeyFor(absl::string_view store) const;

 private:
  std::string default_key_;
  absl::flat_hash_map<std::string, std::string> store_keys_;
};

struct Upstream;

// Finds newer keys after an upstream has refused one.
class KeyRenewal {
 public:
  // Receives the keys that are now in force for the upstream; they may be the refused keys. Null if
  // the upstream has no keys any more.
  using Done = std::function<void(std::shared_ptr<const Credentials>)>;

  // Calls `done` at most once, on any thread, perhaps before Renew returns. Never blocks.
  virtual void Renew(const Upstream& upstream, std::shared_ptr<const Credentials> refused,
                     Done done) = 0;

 protected:
  ~KeyRenewal() = default;
};

}  // namespace gateway

#endif  // UPSTREAM_CREDENTIALS_H_
