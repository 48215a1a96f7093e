// All metrics of the gateway, for Prometheus. Each is a plain counter in the class that counts it;
// Collect reads the counters when Prometheus asks for them.
//
// Labels come from the protos and the configuration alone, never from a call, so their number is
// bounded.
//
// Thread-safety: may be used from any thread. Lifetime: what it was given must outlive it.
#ifndef SERVICE_METRICS_METRICS_H_
#define SERVICE_METRICS_METRICS_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <vector>

#include "service/call/in_flight.h"
#include "service/events/receiver/intake.h"
#include "service/events/receiver/receiver.h"
#include "service/generation/events_in_use.h"
#include "service/generation/forwarders.h"
#include "service/generation/generation.h"
#include "service/generation/ledger_in_use.h"
#include "service/generation/reloader.h"
#include "service/generation/slot.h"
#include "service/generation/sweepers.h"
#include "service/reconcile/reconciler.h"
#include "service/telemetry/audit_log.h"
#include "service/telemetry/call_stats.h"
#include "service/telemetry/drift_log.h"
#include "service/telemetry/telemetry.h"

namespace gateway {

class Metrics : public prometheus::Collectable {
 public:
  struct Rpc {
    std::string service;  // "paynow.management.v1.OrdersService"
    std::string method;   // "GetOrders"
    mapping::Access access;
    const CallStats* stats;
  };
  struct Contract {
    std::string package;  // "paynow.management.v1"
    std::string version;  // as the upstream publishes it
  };
  struct Sources {
    std::vector<Rpc> rpcs;
    // The version of each upstream's contract that the protos mirror, if the upstream publishes
    // versions.
    std::vector<Contract> contracts;
    // Has the upstreams and the configuration in force.
    const Slot<Generation>* in_force;
    const DriftLog* drift;
    const InFlight* in_flight;
    const Reloader* reloader;
    const Telemetry* telemetry;
    const AuditLog* audit = nullptr;  // null: there is no audit log
    // Both are set, or neither.
    const LedgerInUse* ledger = nullptr;
    const Reconciler* reconciler = nullptr;
    const EventsInUse* events = nullptr;  // null: there is no log of events
    // Both are set, or neither.
    const events::Intake* intake = nullptr;
    const events::Receiver* receiver = nullptr;
    const Forwarders* forwarders = nullptr;
    const Sweepers* sweepers = nullptr;
  };

  explicit Metrics(Sources sources) : sources_(std::move(sources)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

  // The text exposition format.
  std::string Text() const;

 private:
  const Sources sources_;
};

}  // namespace gateway

#endif  // SERVICE_METRICS_METRICS_H_
