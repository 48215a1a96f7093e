// How calls reach one upstream: the client that sends them, and the credentials (API keys) that the
// calls carry.
//
// Thread-safety: immutable; LoadUpstream may be called from any thread. Lifetime: the destructor of
// a Client waits for the client's threads. So the last reference to a client must not be dropped on
// one of those threads.
#ifndef SERVICE_GENERATION_UPSTREAM_ACCESS_H_
#define SERVICE_GENERATION_UPSTREAM_ACCESS_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/config/config.h"
#include "upstream/client.h"
#include "upstream/credentials.h"
#include "upstream/http/options.h"

namespace gateway {

struct UpstreamAccess {
  std::string name;  // "paynow"
  std::shared_ptr<Client> client;
  std::shared_ptr<const Credentials> credentials;
  http::Options pool;  // the client's options, with the contents of the files
  absl::flat_hash_set<std::string> harmless_repeats = {};  // stores; "*": all

  // Whether a write of this store may be sent again if its outcome is unknown and a second write
  // would move no money.
  bool RepeatsHarmless(absl::string_view store) const {
    return harmless_repeats.contains(store) || harmless_repeats.contains("*");
  }
};

// Makes the access to the upstream that `section` describes, and reads its files. Errors begin with
// the configuration key at fault: ".stores.17.api_key.file: ...".
//
// `section_before` and `before` are what is in force, or null. If the section and the contents of
// its certificate and password files have not changed, the client is kept, with its connections,
// circuit breakers and limits. If the keys have not changed either, the credentials are kept too. A
// new client keeps the counters of the old client.
absl::StatusOr<UpstreamAccess> LoadUpstream(const std::string& name, const UpstreamConfig& section,
                                            const UpstreamConfig* section_before,
                                            const UpstreamAccess* before);

}  // namespace gateway

#endif  // SERVICE_GENERATION_UPSTREAM_ACCESS_H_
