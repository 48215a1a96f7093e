// The metrics that Prometheus' client libraries export for any process, under the same names
// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics), and the release
// of the gateway. Values that the system does not provide are left out.
//
// Thread-safety: may be called from any thread.
#ifndef SERVICE_METRICS_PROCESS_METRICS_H_
#define SERVICE_METRICS_PROCESS_METRICS_H_

#include <prometheus/metric_family.h>

#include <vector>

namespace gateway {

void AddProcessMetrics(std::vector<prometheus::MetricFamily>& families);

}  // namespace gateway

#endif  // SERVICE_METRICS_PROCESS_METRICS_H_
