// A refund with a key, at a gateway with a ledger, and what the sandbox knows of it.
//
//   KeyedRefund refund;
//   CuttingRelay relay(refund.gateway_port());
//   refund.CutOnArrival(relay);
//   Caller caller(relay.port(), kRetriesEverything);
//   refund.ExpectTheOne(refund.Call(caller));
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
  // The option of the upstream with this name.
  explicit KeyedRefund(bool refuse_repeated_writes = true);

  int gateway_port() { return paynow_.stack().gateway().port(); }

  // Always the same order and the same key.
  Answer Call(Caller& caller) const;

  // When the refund arrives upstream for the first time, the relay's clients lose their gateway.
  void CutOnArrival(CuttingRelay& relay);

  // The order was refunded by one request, and `answer` is that refund; `replayed`: the reply comes
  // from the ledger.
  void ExpectTheOne(const Answer& answer, bool replayed);

 private:
  const TempDir directory_;
  ProviderStack paynow_;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_KEYED_REFUND_H_
