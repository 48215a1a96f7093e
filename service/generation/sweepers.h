// The sweepers of a configuration. Each reads with the upstream's client and the keys in force.
//
// Thread-safety: StartSweepers belongs to one thread; a Sweeper may be used from any thread.
// Lifetime: the arguments of StartSweepers, except `config`, must outlive the sweepers.
#ifndef SERVICE_GENERATION_SWEEPERS_H_
#define SERVICE_GENERATION_SWEEPERS_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "service/config/config.h"
#include "service/events/event_log.h"
#include "service/events/sweep/sweeper.h"
#include "service/generation/events_in_use.h"
#include "service/generation/generation.h"
#include "service/generation/protos.h"
#include "service/generation/slot.h"
#include "upstream/credentials.h"

namespace gateway {

using Sweepers = std::vector<std::unique_ptr<events::Sweeper>>;

// Checks that each entry of `events.sweep` names an upstream of the configuration, that its protos
// have facts to look for, that its stores can be ids, and that its webhooks are received. Errors
// begin with the key at fault: "sweep.paynow: ...".
absl::Status CheckSweeps(const Config& config, const Protos& protos);

// Returns the sweepers, which run from here on, and append events to `log`.
Sweepers StartSweepers(const EventsConfig& config, const Protos& protos, events::EventLog& log,
                       const EventsInUse& events, const Slot<Generation>& in_force,
                       KeyRenewal& renewal);

}  // namespace gateway

#endif  // SERVICE_GENERATION_SWEEPERS_H_
