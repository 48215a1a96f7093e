#include "service/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "service/config/certificates.h"
#include "service/config/read_file.h"
#include "service/log/log.h"
#include "service/metrics/event_metrics.h"
#include "service/metrics/ledger_metrics.h"
#include "service/metrics/metric_family.h"
#include "service/metrics/process_metrics.h"
#include "service/metrics/upstream_metrics.h"

namespace gateway {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = Family::Labels;

// OpenTelemetry's names for RPCs, as they are written in Prometheus.
Labels RpcLabels(const Metrics::Rpc& rpc) {
  return {{"rpc_service", rpc.service}, {"rpc_method", rpc.method}};
}

// Prometheus sees no increase if a series first appears with the value 1. So the series that matter
// begin with 0: for each RPC the calls that ended OK, for each write also those of unknown outcome.
bool IsThereFromTheStart(const Metrics::Rpc& rpc, size_t code, CallStats::End end) {
  constexpr auto kOk = static_cast<size_t>(absl::StatusCode::kOk);
  constexpr auto kUnknown = static_cast<size_t>(absl::StatusCode::kUnknown);
  return (code == kOk && end == CallStats::End::kOk) ||
         (rpc.access == mapping::Access::kWrite && code == kUnknown &&
          end == CallStats::End::kUnknown);
}

MetricFamily CallsOf(const std::vector<Metrics::Rpc>& rpcs) {
  Family family("rpc_server_calls_total", MetricType::Counter,
                "Calls that ended, by what became of them upstream.");
  for (const Metrics::Rpc& rpc : rpcs) {
    for (size_t code = 0; code < CallStats::kCodes; ++code) {
      for (size_t end = 0; end < CallStats::kEnds; ++end) {
        const uint64_t count = rpc.stats->calls(code, CallStats::End(end));
        if (count == 0 && !IsThereFromTheStart(rpc, code, CallStats::End(end))) continue;
        Labels labels = RpcLabels(rpc);
        labels.push_back({"rpc_grpc_status_code", absl::StrCat(code)});
        labels.push_back({"outcome", std::string(CallStats::Name(CallStats::End(end)))});
        family.Add(std::move(labels), static_cast<double>(count));
      }
    }
  }
  return family.Take();
}

MetricFamily DurationsOf(const std::vector<Metrics::Rpc>& rpcs) {
  Family family("rpc_server_duration_seconds", MetricType::Histogram,
                "Time from a call's request to its answer.");
  for (const Metrics::Rpc& rpc : rpcs) {
    uint64_t count = 0;
    ClientMetric::Histogram histogram;
    for (size_t i = 0; i <= CallStats::kBounds.size(); ++i) {
      count += rpc.stats->bucket(i);
      const bool last = i == CallStats::kBounds.size();
      histogram.bucket.push_back(
          {count, last ? std::numeric_limits<double>::infinity() : CallStats::kBounds[i]});
    }
    if (count == 0) continue;
    histogram.sample_count = count;
    histogram.sample_sum = absl::ToDoubleSeconds(rpc.stats->total_time());
    family.Add(RpcLabels(rpc)).histogram = std::move(histogram);
  }
  return family.Take();
}

MetricFamily DriftOf(const DriftLog& drift) {
  Family family("gateway_drift_total", MetricType::Counter,
                "Where replies deviate from the protos.");
  for (const auto& [key, count] : drift.Counts()) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(key, absl::MaxSplits(' ', 1));
    family.Add({{"kind", parts.first}, {"field", parts.second}}, static_cast<double>(count));
  }
  return family.Take();
}

MetricFamily ContractsOf(const std::vector<Metrics::Contract>& contracts) {
  Family family("gateway_contract_info", MetricType::Gauge,
                "The version of an upstream's contract that the protos of a package mirror.");
  for (const Metrics::Contract& contract : contracts) {
    family.Add({{"package", contract.package}, {"contract", contract.version}}, 1);
  }
  return family.Take();
}

MetricFamily AuditOf(const AuditLog& audit) {
  Family family(
      "gateway_audit_lines_total", MetricType::Counter,
      "Lines for the audit log: written, dropped because disk or queue were full, or left "
      "out of many calls that were not sent.");
  family.Add({{"result", "written"}}, static_cast<double>(audit.written()));
  family.Add({{"result", "dropped"}}, static_cast<double>(audit.dropped()));
  family.Add({{"result", "left_out"}}, static_cast<double>(audit.left_out()));
  return family.Take();
}

MetricFamily ReloadsOf(const Reloader::Counters& reloads) {
  Family family("gateway_reloads_total", MetricType::Counter,
                "Changed configurations and keys, applied or refused.");
  family.Add({{"result", "applied"}}, static_cast<double>(reloads.applied));
  family.Add({{"result", "refused"}}, static_cast<double>(reloads.refused));
  return family.Take();
}

MetricFamily SecurityFilesOf(const SecurityFiles& files) {
  Family family("gateway_security_file_refused", MetricType::Gauge,
                "Files by which rights are withdrawn: 1 while what one holds is refused.");
  for (const SecurityFiles::Part* part : {&files.policy(), &files.keys(), &files.client_ca()}) {
    family.Add({{"part", part->name}}, part->refused ? 1 : 0);
  }
  return family.Take();
}

void AddTelemetry(const Telemetry& telemetry, std::vector<MetricFamily>& families) {
  Family spans("gateway_traced_calls_total", MetricType::Counter,
               "Calls whose spans were written, dropped for lack of room or of a file, or left out "
               "because too many were not sent.");
  if (const SpanExporter* const exporter = telemetry.spans()) {
    spans.Add({{"result", "written"}}, static_cast<double>(exporter->exported()));
    spans.Add({{"result", "dropped"}}, static_cast<double>(exporter->dropped()));
    spans.Add({{"result", "left_out"}}, static_cast<double>(exporter->left_out()));
  }
  families.push_back(spans.Take());
  Family lines("gateway_log_lines_dropped_total", MetricType::Counter,
               "Lines of the log for which there was no room.");
  lines.Add({}, static_cast<double>(telemetry.access_log().dropped() + LostLogLines()));
  families.push_back(lines.Take());
}

MetricFamily CertificatesOf(const std::vector<CertificateFile>& files) {
  Family family("gateway_certificate_expiry_timestamp_seconds", MetricType::Gauge,
                "When a file's certificates expire, since 1970: the first of a chain, the last of "
                "several authorities.");
  for (const CertificateFile& certificates : files) {
    const std::optional<std::string> pem = ReadFile(certificates.file);
    const std::optional<absl::Time> expiry = pem ? ExpiryOf(certificates.kind, *pem) : std::nullopt;
    if (!expiry) continue;
    Labels labels = {{"role", certificates.role}};
    if (!certificates.label.empty()) labels.push_back({certificates.label, certificates.name});
    family.Add(std::move(labels), static_cast<double>(absl::ToUnixSeconds(*expiry)));
  }
  return family.Take();
}

}  // namespace

std::vector<MetricFamily> Metrics::Collect() const {
  std::vector<MetricFamily> families;
  families.push_back(CallsOf(sources_.rpcs));
  families.push_back(DurationsOf(sources_.rpcs));
  Family in_flight("gateway_calls_in_flight", MetricType::Gauge, "Calls that are being served.");
  in_flight.Add({}, static_cast<double>(sources_.in_flight->size()));
  families.push_back(in_flight.Take());
  const std::shared_ptr<const Generation> generation = sources_.in_force->Get();
  AddUpstreamMetrics(generation->upstreams, families);
  families.push_back(DriftOf(*sources_.drift));
  families.push_back(ContractsOf(sources_.contracts));
  families.push_back(ReloadsOf(sources_.reloader->counters()));
  families.push_back(SecurityFilesOf(sources_.reloader->security_files()));
  AddTelemetry(*sources_.telemetry, families);
  families.push_back(CertificatesOf(CertificateFiles(generation->config)));
  AddProcessMetrics(families);
  if (sources_.audit != nullptr) families.push_back(AuditOf(*sources_.audit));
  if (sources_.ledger != nullptr) {
    AddLedgerMetrics(*sources_.ledger, *sources_.reconciler, families);
  }
  if (sources_.events != nullptr) AddEventMetrics(*sources_.events, families);
  if (sources_.forwarders != nullptr && !sources_.forwarders->empty()) {
    AddForwardMetrics(*sources_.forwarders, families);
  }
  if (sources_.sweepers != nullptr && !sources_.sweepers->empty()) {
    AddSweepMetrics(*sources_.sweepers, families);
  }
  if (sources_.receiver != nullptr) {
    AddReceiverMetrics(sources_.in_force->Get()->config.webhooks, *sources_.intake,
                       *sources_.receiver, families);
  }
  return families;
}

std::string Metrics::Text() const { return prometheus::TextSerializer().Serialize(Collect()); }

}  // namespace gateway
