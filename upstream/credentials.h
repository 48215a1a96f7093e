// The keys that one upstream's requests carry: one for each store that has its own, and one for all
// others.
//
// Thread-safety: Credentials are immutable, a CredentialStore may be used from any thread. A key is
// never printed, and is overwritten in memory when it is let go.
#ifndef UPSTREAM_CREDENTIALS_H_
#define UPSTREAM_CREDENTIALS_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/steady_time.h"

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

// The keys in force, and where newer ones come from.
class CredentialStore {
 public:
  // Reads all keys anew; may block for as long as reading a small file takes.
  using Load = std::function<absl::StatusOr<Credentials>()>;

  // `load` may be empty: then there are never newer ones.
  CredentialStore(Credentials credentials, Load load);

  std::shared_ptr<const Credentials> Current() const;

  // From now on these.
  void Replace(Credentials credentials);

  // After the upstream refused `key` of `store`: whether there is another one by now. Reads the
  // keys anew, though not more than once a second however many calls ask.
  bool HasNewer(absl::string_view store, absl::string_view key, SteadyTime now);

 private:
  const Load load_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::shared_ptr<const Credentials> current_;
  SteadyTime loaded_ = SteadyTime::InfinitePast();
};

}  // namespace gateway

#endif  // UPSTREAM_CREDENTIALS_H_
