// The targets that forwarders hand events to, made from their configuration and its files.
//
// Thread-safety: immutable; LoadForwardTargets may be called from any thread. Lifetime: a target's
// destructor waits for its threads, so it must not run on one of them.
#ifndef SERVICE_GENERATION_FORWARD_TARGETS_H_
#define SERVICE_GENERATION_FORWARD_TARGETS_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "service/config/events_config.h"
#include "service/events/forward/nats_connection.h"
#include "service/events/forward/signer.h"
#include "service/events/forward/target.h"
#include "upstream/http/options.h"
#include "upstream/http/transport.h"

namespace gateway {

struct ForwardTarget {
  std::shared_ptr<events::Target> target;
  // What a target over HTTP was made of.
  std::shared_ptr<const events::Signer> signer;
  std::shared_ptr<http::Transport> transport;
  http::Options pool;  // the transport's options, with the contents of the files
  // What a target for NATS was made of.
  events::NatsOptions nats;
};

using ForwardTargets = std::map<std::string, ForwardTarget>;  // by forwarder

// Reads the files. Errors begin with the configuration key at fault: "forward.shop.http.url: ...".
// A target that did not change since `before` is kept, with its connections. `before` is null at
// the start.
absl::StatusOr<ForwardTargets> LoadForwardTargets(const EventsConfig& config,
                                                  const ForwardTargets* before);

}  // namespace gateway

#endif  // SERVICE_GENERATION_FORWARD_TARGETS_H_
