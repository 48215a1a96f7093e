// The receiver of webhooks that the configuration describes. It appends events to a log.
//
//   auto receiving = Receiving::Create(config, log, cipher, schemes, in_force);
//   ... (*receiving)->receiver().port() ...
//
// Thread-safety: Create and the destructor belong to one thread; for intake() and receiver() see
// their classes. Lifetime: `log`, `schemes` and `in_force` must outlive the Receiving.
#ifndef SERVICE_RECEIVING_H_
#define SERVICE_RECEIVING_H_

#include <memory>

#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "service/events/event_log.h"
#include "service/events/receiver/intake.h"
#include "service/events/receiver/receiver.h"
#include "service/generation/generation.h"
#include "service/generation/slot.h"
#include "service/ledger/reply_cipher.h"
#include "upstream/webhooks/scheme.h"

namespace gateway {

class Receiving {
 public:
  // Returns a receiver that runs. UNAVAILABLE if the gateway cannot listen on the address. The
  // message of an error begins with the configuration's file and key.
  static absl::StatusOr<std::unique_ptr<Receiving>> Create(
      const Config& config, events::EventLog& log, std::shared_ptr<ledger::ReplyCipher> cipher,
      const webhooks::Schemes& schemes, const Slot<Generation>& in_force);

  const events::Intake& intake() const { return intake_; }
  events::Receiver& receiver() { return *receiver_; }
  const events::Receiver& receiver() const { return *receiver_; }

 private:
  Receiving(const Config& config, events::EventLog& log,
            std::shared_ptr<ledger::ReplyCipher> cipher, const webhooks::Schemes& schemes,
            const Slot<Generation>& in_force);

  events::Intake intake_;
  std::unique_ptr<events::Receiver> receiver_;
};

}  // namespace gateway

#endif  // SERVICE_RECEIVING_H_
