#include "service/metrics/event_metrics.h"
#include "service/metrics/metric_family.h"

namespace gateway {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

// A family with a sample for each forwarder.
template <typename Value>
void AddEach(const Forwarders& forwarders, const char* name, MetricType type, const char* help,
             Value value, std::vector<MetricFamily>& families) {
  Family family(name, type, help);
  for (const auto& forwarder : forwarders) {
    family.Add({{"forward", forwarder->name()}}, static_cast<double>(value(*forwarder)));
  }
  families.push_back(family.Take());
}

}  // namespace

void AddForwardMetrics(const Forwarders& forwarders, std::vector<MetricFamily>& families) {
  Family handovers("gateway_forward_events_total", MetricType::Counter,
                   "Tries to hand an event on, by what became of them.");
  for (const auto& forwarder : forwarders) {
    for (const events::Handover handover : events::kHandovers) {
      handovers.Add({{"forward", forwarder->name()}, {"result", events::Name(handover)}},
                    static_cast<double>(forwarder->count(handover)));
    }
  }
  families.push_back(handovers.Take());
  AddEach(
      forwarders, "gateway_forward_seconds_total", MetricType::Counter,
      "Time of all tries to hand an event on together.",
      [](const events::Forwarder& of) { return absl::ToDoubleSeconds(of.time()); }, families);
  AddEach(
      forwarders, "gateway_forward_in_flight", MetricType::Gauge,
      "Events that are being handed on.",
      [](const events::Forwarder& of) { return of.in_flight(); }, families);
  AddEach(
      forwarders, "gateway_forward_failing", MetricType::Gauge,
      "1 from a failure until an event is taken: the target is tried with one event at a time.",
      [](const events::Forwarder& of) { return of.failing() ? 1 : 0; }, families);
}

}  // namespace gateway
