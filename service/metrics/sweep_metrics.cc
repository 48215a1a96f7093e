#include "service/metrics/event_metrics.h"
#include "service/metrics/metric_family.h"

namespace gateway {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

// A counter with a sample for each upstream that is swept.
template <typename Value>
void AddEach(const Sweepers& sweepers, const char* name, const char* help, Value value,
             std::vector<MetricFamily>& families) {
  Family family(name, MetricType::Counter, help);
  for (const auto& sweeper : sweepers) {
    family.Add({{"upstream", sweeper->provider()}}, static_cast<double>(value(*sweeper)));
  }
  families.push_back(family.Take());
}

}  // namespace

void AddSweepMetrics(const Sweepers& sweepers, std::vector<MetricFamily>& families) {
  AddEach(
      sweepers, "gateway_sweep_found_total",
      "Events that never came, and were made from what the upstream shows.",
      [](const events::Sweeper& of) { return of.found(); }, families);
  AddEach(
      sweepers, "gateway_sweep_pages_total", "Pages that sweeps have read.",
      [](const events::Sweeper& of) { return of.pages(); }, families);
  Family ended("gateway_sweep_lists_total", MetricType::Counter,
               "Lists that sweeps have begun, of one store each, by how that ended.");
  for (const auto& sweeper : sweepers) {
    ended.Add({{"upstream", sweeper->provider()}, {"result", "whole"}},
              static_cast<double>(sweeper->sweeps()));
    ended.Add({{"upstream", sweeper->provider()}, {"result", "broken_off"}},
              static_cast<double>(sweeper->failed()));
  }
  families.push_back(ended.Take());
}

}  // namespace gateway
