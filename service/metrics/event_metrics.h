// The counters of webhooks that are received and kept, as metrics.
#ifndef SERVICE_METRICS_EVENT_METRICS_H_
#define SERVICE_METRICS_EVENT_METRICS_H_

#include <prometheus/metric_family.h>

#include <vector>

#include "service/config/config.h"
#include "service/events/receiver/intake.h"
#include "service/events/receiver/receiver.h"
#include "service/generation/events_in_use.h"
#include "service/generation/forwarders.h"
#include "service/generation/sweepers.h"

namespace gateway {

void AddEventMetrics(const EventsInUse& events, std::vector<prometheus::MetricFamily>& families);

// `config` names the providers whose webhooks are received.
void AddReceiverMetrics(const WebhooksConfig& config, const events::Intake& intake,
                        const events::Receiver& receiver,
                        std::vector<prometheus::MetricFamily>& families);

void AddForwardMetrics(const Forwarders& forwarders,
                       std::vector<prometheus::MetricFamily>& families);

void AddSweepMetrics(const Sweepers& sweepers, std::vector<prometheus::MetricFamily>& families);

}  // namespace gateway

#endif  // SERVICE_METRICS_EVENT_METRICS_H_
