// Builds one family of metrics, sample by sample, as prometheus-cpp takes it.
//
// Thread-safety: none.
#ifndef SERVICE_METRICS_METRIC_FAMILY_H_
#define SERVICE_METRICS_METRIC_FAMILY_H_

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace gateway {

class Family {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  Family(std::string name, prometheus::MetricType type, std::string help) {
    family_.name = std::move(name);
    family_.type = type;
    family_.help = std::move(help);
  }

  prometheus::ClientMetric& Add(Labels labels, double value = 0) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    metric.counter.value = metric.gauge.value = value;
    return metric;
  }

  prometheus::MetricFamily Take() { return std::move(family_); }

 private:
  prometheus::MetricFamily family_;
};

}  // namespace gateway

#endif  // SERVICE_METRICS_METRIC_FAMILY_H_
