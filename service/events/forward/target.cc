#include "service/events/forward/target.h"

namespace gateway::events {

const char* Name(Handover handover) {
  constexpr std::array kNames = {"taken", "duplicate",   "refused",    "failed",
                                 "gone",  "unreachable", "unreadable", "unsigned"};
  static_assert(kNames.size() == kHandovers.size());
  return kNames[static_cast<size_t>(handover)];
}

}  // namespace gateway::events
