// The leases of one hand-out as bytes of its row: for each event its number (8 bytes), its lease
// (8) and its tries (4), highest byte first.
//
// Thread-safety: pure functions.
#ifndef SERVICE_EVENTS_POSTGRESQL_LEASE_BYTES_H_
#define SERVICE_EVENTS_POSTGRESQL_LEASE_BYTES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/events/deliveries.h"
#include "upstream/steady_time.h"

namespace gateway::events {

std::string PackLeases(const std::vector<Deliveries::Lease>& leases);

// Returns nullopt if PackLeases cannot have made `bytes`. `deadline`: of all these leases.
std::optional<std::vector<Deliveries::Lease>> UnpackLeases(absl::string_view bytes,
                                                           SteadyTime deadline);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_POSTGRESQL_LEASE_BYTES_H_
