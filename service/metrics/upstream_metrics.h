// The metric families of the upstreams and of their connection pools.
//
// Thread-safety: AddUpstreamMetrics may be called from any thread.
#ifndef SERVICE_METRICS_UPSTREAM_METRICS_H_
#define SERVICE_METRICS_UPSTREAM_METRICS_H_

#include <prometheus/metric_family.h>

#include <vector>

#include "service/generation/upstream_access.h"

namespace gateway {

void AddUpstreamMetrics(const std::vector<UpstreamAccess>& upstreams,
                        std::vector<prometheus::MetricFamily>& families);

}  // namespace gateway

#endif  // SERVICE_METRICS_UPSTREAM_METRICS_H_
