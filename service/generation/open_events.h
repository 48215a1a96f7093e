// Opens the log of events that the section `events` of the configuration describes.
#ifndef SERVICE_GENERATION_OPEN_EVENTS_H_
#define SERVICE_GENERATION_OPEN_EVENTS_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/config/events_config.h"
#include "service/generation/events_in_use.h"

namespace gateway {

// Opens the log. A SQLite file is locked from here on; PostgreSQL need not be reachable yet. Errors
// begin with the configuration key at fault: "file: ...". Blocks on the disk.
absl::StatusOr<std::unique_ptr<EventsInUse>> OpenEvents(const EventsConfig& config);

// Reads the keys of events' bodies from their files again. On error, the present keys stay in use.
absl::Status RenewBodyKeys(const EventsConfig& config, EventsInUse& events);

// Checks the keys that the configuration names, and the connection string. Opens nothing.
absl::Status CheckEvents(const EventsConfig& config);

// Checks the SQLite file, its folder and the key beside it, as far as OpenEvents would refuse them
// without opening the file. Makes nothing.
absl::Status CheckEventsFile(const EventsConfig& config);

}  // namespace gateway

#endif  // SERVICE_GENERATION_OPEN_EVENTS_H_
