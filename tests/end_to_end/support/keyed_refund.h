// A refund with a key, at a gateway with a ledger, and what the sandbox knows of it.
//
//   KeyedRefund refund;
//   CuttingRelay relay(refund.gateway_port());
//   refund.CutOnArrival(relay);
//   Caller caller(relay.port(), kRetriesEverything);
//   refund.ExpectTheOne(refund.Call(caller), /*replayed=*/true);
//
// Thread-safety: one thread. Lifetime: a relay that it cuts must outlive the refund's calls.
#ifndef TESTS_END_TO_END_SUPPORT_KEYED_REFUND_H_
#define TESTS_END_TO_END_SUPPORT_KEYED_REFUND_H_

#include "tests/end_to_end/support/cutting_relay.h"
#include "tests/end_to_end/support/provider_stack.h"
#include "tests/service/temp_dir.h"

namespace gateway::end_to_end {

class KeyedRefund {
 public:
  // Sets the upstream's option `refuse_repeated_writes`.
  explicit KeyedRefund(bool refuse_repeated_writes = true);

  int gateway_port() { return paynow_.stack().gateway().port(); }

  // Makes the refund, always with the same order and the same key.
  Answer Call(Caller& caller) const;

  // Cuts the relay's connections when the refund arrives upstream for the first time.
  void CutOnArrival(CuttingRelay& relay);

  // Expects that exactly one request refunded the order, and that `answer` is that refund.
  // `replayed` says whether the answer must come from the ledger.
  void ExpectTheOne(const Answer& answer, bool replayed);

 private:
  const TempDir directory_;
  ProviderStack paynow_;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_KEYED_REFUND_H_
