// What Prometheus' client libraries tell of any process, under the same names
// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics), and which release
// this is. What the system does not tell is left out.
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
