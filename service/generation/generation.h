// Everything that calls take from the configuration and its files. It is made as a whole and
// replaced as a whole (see slot.h). A call takes the generation in force when it begins, and uses
// no other until it ends: so the same generation decides whether the call is allowed, where it
// goes, and with which key.
//
//   auto generation = Load(config, protos, /*before=*/nullptr);  // start, and --check-config
//   auto next = Load(changed, protos, in_force.Get().get());     // reload
//   if (next.ok()) in_force.Set(*std::move(next));
//
// Thread-safety: a Generation is immutable. Load may be called from any thread; it reads files.
// Lifetime: the protos must outlive the generations. The destructor waits for the clients' threads,
// so it must not run on one of them. Slot ensures this (see slot.h).
#ifndef SERVICE_GENERATION_GENERATION_H_
#define SERVICE_GENERATION_GENERATION_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "service/authorization/authorizer.h"
#include "service/config/config.h"
#include "service/generation/forward_targets.h"
#include "service/generation/protos.h"
#include "service/generation/tls_files.h"
#include "service/generation/upstream_access.h"
#include "upstream/webhooks/parse_event.h"

namespace gateway {

struct Generation {
  Config config;
  // One for each section of `config.upstreams`, in their order. A reload cannot change the set, so
  // an index stands for the same upstream in every generation.
  std::vector<UpstreamAccess> upstreams;
  // Never null, with two exceptions: `tls` is null if the gRPC port is in plain text, and
  // `receiver_tls` if the receiver of webhooks has no certificate.
  std::shared_ptr<const webhooks::Settings> webhooks;
  std::shared_ptr<const authorization::Settings> authorization;
  std::shared_ptr<const TlsMaterial> tls;
  // One for each entry of `config.events.forward`.
  ForwardTargets forward;
  std::shared_ptr<const TlsMaterial> receiver_tls;
};

// Reads every file that `config` names, and returns either a complete generation or an error. Does
// not put the generation in force. Parts that did not change since `before`, above all the
// upstreams' clients, are shared with `before`, which is null at the start.
//
// Errors name file and key: "gateway.json: upstreams.paynow.api_key.file: ...". INVALID_ARGUMENT is
// also returned for a change since `before` that needs a restart.
absl::StatusOr<std::shared_ptr<const Generation>> Load(const Config& config, const Protos& protos,
                                                       const Generation* before);

}  // namespace gateway

#endif  // SERVICE_GENERATION_GENERATION_H_
