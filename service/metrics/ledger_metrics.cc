#include "service/metrics/ledger_metrics.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "service/metrics/metric_family.h"

namespace gateway {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily EntriesOf(const ledger::LedgerStats& stats) {
  Family family("gateway_ledger_entries", MetricType::Gauge,
                "Entries of the ledger; with PostgreSQL the ended ones are an estimate.");
  for (const auto& [state, count] : stats.entries) {
    family.Add({{"state", absl::AsciiStrToLower(ledger::Name(state))}}, static_cast<double>(count));
  }
  return family.Take();
}

// The clocks of two machines may differ, so the difference is cut off at zero.
double OldestUnknown(const ledger::LedgerStats& stats) {
  if (!stats.oldest_unknown) return 0;
  return std::max(0.0, absl::ToDoubleSeconds(absl::Now() - *stats.oldest_unknown));
}

MetricFamily ClaimsOf(const LedgerInUse::Claims& claims) {
  Family family("gateway_ledger_claims_total", MetricType::Counter,
                "What the ledger said to writes that it keeps.");
  for (const LedgerInUse::Said said : LedgerInUse::kAllSaid) {
    family.Add({{"answer", LedgerInUse::Name(said)}}, static_cast<double>(claims.count(said)));
  }
  return family.Take();
}

MetricFamily LooksOf(const Reconciler::Counters& counters) {
  Family family("gateway_ledger_looks_total", MetricType::Counter,
                "Reads for writes of unknown outcome, by what they showed.");
  family.Add({{"verdict", "done"}}, static_cast<double>(counters.done));
  family.Add({{"verdict", "not_done"}}, static_cast<double>(counters.not_done));
  family.Add({{"verdict", "undecided"}}, static_cast<double>(counters.undecided));
  family.Add({{"verdict", "failed"}}, static_cast<double>(counters.failed));
  return family.Take();
}

}  // namespace

void AddLedgerMetrics(const LedgerInUse& ledger, const Reconciler& reconciler,
                      std::vector<MetricFamily>& families) {
  const ledger::LedgerStats stats = ledger.ledger->stats();
  const auto add = [&families](const char* name, MetricType type, const char* help, double value) {
    Family family(name, type, help);
    family.Add({}, value);
    families.push_back(family.Take());
  };
  families.push_back(EntriesOf(stats));
  families.push_back(ClaimsOf(ledger.claims));
  families.push_back(LooksOf(reconciler.counters()));
  add("gateway_ledger_oldest_unknown_age_seconds", MetricType::Gauge,
      "Since the oldest entry of unknown outcome became so; 0: there is none.",
      OldestUnknown(stats));
  add("gateway_ledger_writable", MetricType::Gauge,
      "1 while the ledger can be written; else writes with a key are refused.",
      stats.unavailable.empty() ? 1 : 0);
  add("gateway_ledger_commits_total", MetricType::Counter, "Transactions that are durable.",
      static_cast<double>(stats.commits));
  add("gateway_ledger_failed_commits_total", MetricType::Counter,
      "Transactions that the store did not take.", static_cast<double>(stats.failed_commits));
  add("gateway_ledger_operations_total", MetricType::Counter,
      "Changes within the durable transactions.", static_cast<double>(stats.operations_committed));
  add("gateway_ledger_unwritten_results", MetricType::Gauge,
      "Results that wait in memory until the ledger can be written.",
      static_cast<double>(stats.unwritten));
  add("gateway_ledger_contradictions_total", MetricType::Counter,
      "Writes that happened after they had been taken for ones that did not.",
      static_cast<double>(stats.contradictions));
  add("gateway_ledger_bytes", MetricType::Gauge, "What the store of the ledger takes up.",
      static_cast<double>(stats.bytes));
}

}  // namespace gateway
