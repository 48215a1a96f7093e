// The forwarders of a configuration, each with the target in force.
//
// Thread-safety: StartForwarders belongs to one thread; a Forwarder may be used from any thread.
// Lifetime: `events`, `reader` and `in_force` must outlive the forwarders.
#ifndef SERVICE_GENERATION_FORWARDERS_H_
#define SERVICE_GENERATION_FORWARDERS_H_

#include <memory>
#include <vector>

#include "service/config/events_config.h"
#include "service/events/forward/forwarder.h"
#include "service/generation/events_in_use.h"
#include "service/generation/generation.h"
#include "service/generation/slot.h"
#include "upstream/webhooks/event_reader.h"

namespace gateway {

using Forwarders = std::vector<std::unique_ptr<events::Forwarder>>;

// Returns the forwarders, which run from here on.
Forwarders StartForwarders(const EventsConfig& config, EventsInUse& events,
                           const webhooks::EventReader& reader, const Slot<Generation>& in_force);

}  // namespace gateway

#endif  // SERVICE_GENERATION_FORWARDERS_H_
