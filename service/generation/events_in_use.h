// The log of events as calls and the receiver use it.
//
// Thread-safety: may be used from any thread. Lifetime: must outlive the calls and the receiver.
#ifndef SERVICE_GENERATION_EVENTS_IN_USE_H_
#define SERVICE_GENERATION_EVENTS_IN_USE_H_

#include <map>
#include <memory>
#include <string>

#include "service/events/event_log.h"
#include "service/events/subscription.h"
#include "service/ledger/reply_cipher.h"

namespace gateway {

struct EventsInUse {
  std::map<std::string, events::Subscription> subscriptions;  // by name
  std::shared_ptr<ledger::ReplyCipher> cipher;                // for the events' bodies
  std::unique_ptr<events::EventLog> log;                      // last: its callbacks use the others
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_EVENTS_IN_USE_H_
