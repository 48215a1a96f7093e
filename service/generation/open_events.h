// From the section `events` of the configuration to the log that is used.
#ifndef SERVICE_GENERATION_OPEN_EVENTS_H_
#define SERVICE_GENERATION_OPEN_EVENTS_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/config/events_config.h"
#include "service/generation/events_in_use.h"

namespace gateway {

// Opens the log. A SQLite file is locked from here on; PostgreSQL need not be reachable yet. Errors
// begin with the key that is to blame: "file: ...". Waits for the disk.
absl::StatusOr<std::unique_ptr<EventsInUse>> OpenEvents(const EventsConfig& config);

// Takes the keys of bodies as their files hold them now. An error leaves those that are there.
absl::Status RenewBodyKeys(const EventsConfig& config, EventsInUse& events);

// Whether the keys and the connection string can be read, without opening anything.
absl::Status CheckEvents(const EventsConfig& config);

}  // namespace gateway

#endif  // SERVICE_GENERATION_OPEN_EVENTS_H_
