// How calls reach one upstream: the client that calls it, and the keys that it may send.
//
// Thread-safety: immutable; LoadUpstream may be called from any thread. Lifetime: a client's
// destructor waits for its threads, so it must not run on one of them.
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
  http::Options pool;  // the client's, with what the files of `tls` and `proxy` held
  absl::flat_hash_set<std::string> harmless_repeats = {};  // stores; "*": all

  // Whether a write of the store that would move no money twice may be sent again.
  bool RepeatsHarmless(absl::string_view store) const {
    return harmless_repeats.contains(store) || harmless_repeats.contains("*");
  }
};

// The upstream that `section` describes, with its files as they are now. Errors begin with the key
// that is to blame: ".stores.17.api_key.file: ...".
//
// `section_before` and `before` are what is in force, or null. Where section and certificates are
// as before, the client goes on, with its connections and all that it has learned; where the keys
// are as before too, so do they. A new client goes on with the counters of the old one.
absl::StatusOr<UpstreamAccess> LoadUpstream(const std::string& name, const UpstreamConfig& section,
                                            const UpstreamConfig* section_before,
                                            const UpstreamAccess* before);

}  // namespace gateway

#endif  // SERVICE_GENERATION_UPSTREAM_ACCESS_H_
