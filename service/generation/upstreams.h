// From the configuration of one upstream to the client that calls it.
#ifndef SERVICE_GENERATION_UPSTREAMS_H_
#define SERVICE_GENERATION_UPSTREAMS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/config/config.h"
#include "upstream/client.h"
#include "upstream/credentials.h"
#include "upstream/http/options.h"

namespace gateway {

// The keys as their files and variables hold them now. Errors begin with the key of the
// configuration that is to blame: ".stores.17.api_key.file: ...".
absl::StatusOr<Credentials> LoadCredentials(const UpstreamConfig& upstream);

// The options of the upstream's pool, with the certificates, keys and passwords as their files hold
// them now. Errors as above.
absl::StatusOr<http::Options> LoadPool(const UpstreamConfig& upstream);

// A client with a pool of its own. Errors as above.
absl::StatusOr<std::unique_ptr<Client>> MakeClient(const std::string& name,
                                                   const UpstreamConfig& upstream,
                                                   const http::Options& pool,
                                                   std::shared_ptr<UpstreamCounters> counters);

}  // namespace gateway

#endif  // SERVICE_GENERATION_UPSTREAMS_H_
