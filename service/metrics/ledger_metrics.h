// The metric families of the ledger and of its reconciler.
//
// Thread-safety: AddLedgerMetrics may be called from any thread.
#ifndef SERVICE_METRICS_LEDGER_METRICS_H_
#define SERVICE_METRICS_LEDGER_METRICS_H_

#include <prometheus/metric_family.h>

#include <vector>

#include "service/generation/ledger_in_use.h"
#include "service/reconcile/reconciler.h"

namespace gateway {

void AddLedgerMetrics(const LedgerInUse& ledger, const Reconciler& reconciler,
                      std::vector<prometheus::MetricFamily>& families);

}  // namespace gateway

#endif  // SERVICE_METRICS_LEDGER_METRICS_H_
