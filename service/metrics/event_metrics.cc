#include "service/metrics/event_metrics.h"

#include <string>

#include "absl/time/time.h"
#include "service/metrics/metric_family.h"

namespace gateway {
namespace {

using events::SubscriptionStats;
using prometheus::MetricFamily;
using prometheus::MetricType;

void AddOne(const char* name, MetricType type, const char* help, double value,
            std::vector<MetricFamily>& families) {
  Family family(name, type, help);
  family.Add({}, value);
  families.push_back(family.Take());
}

// A family with a sample for each subscription.
template <typename Value>
void AddEach(const events::LogStats& stats, const char* name, MetricType type, const char* help,
             Value value, std::vector<MetricFamily>& families) {
  Family family(name, type, help);
  for (const auto& [subscription, of] : stats.subscriptions) {
    family.Add({{"subscription", subscription}}, static_cast<double>(value(of)));
  }
  families.push_back(family.Take());
}

void AddSubscriptions(const events::LogStats& stats, std::vector<MetricFamily>& families) {
  AddEach(
      stats, "gateway_events_backlog", MetricType::Gauge,
      "Events that a subscription is not done with; some may not pass its filter.",
      [](const SubscriptionStats& of) { return of.backlog; }, families);
  AddEach(
      stats, "gateway_events_oldest_age_seconds", MetricType::Gauge,
      "Since the oldest event was received that a subscription is not done with.",
      [](const SubscriptionStats& of) { return absl::ToDoubleSeconds(of.oldest_age); }, families);
  AddEach(
      stats, "gateway_events_out", MetricType::Gauge,
      "Events that consumers have and have not acknowledged yet.",
      [](const SubscriptionStats& of) { return of.out; }, families);
  AddEach(
      stats, "gateway_events_dead_letters", MetricType::Gauge,
      "Events that were given up after all their tries.",
      [](const SubscriptionStats& of) { return of.dead_letters; }, families);
  AddEach(
      stats, "gateway_events_handed_out_total", MetricType::Counter,
      "Events handed to consumers, each time.",
      [](const SubscriptionStats& of) { return of.counters.handed_out; }, families);
  AddEach(
      stats, "gateway_events_redelivered_total", MetricType::Counter,
      "Events handed to consumers that had been handed out before.",
      [](const SubscriptionStats& of) { return of.counters.handed_out_again; }, families);
  AddEach(
      stats, "gateway_events_acknowledged_total", MetricType::Counter,
      "Acknowledgements of consumers.",
      [](const SubscriptionStats& of) { return of.counters.acknowledged; }, families);
  AddEach(
      stats, "gateway_events_lost_total", MetricType::Counter,
      "Events that were removed for their age before a subscription was done with them.",
      [](const SubscriptionStats& of) { return of.counters.lost; }, families);
}

}  // namespace

void AddEventMetrics(const EventsInUse& events, std::vector<MetricFamily>& families) {
  const events::LogStats stats = events.log->stats();
  const auto add = [&families](const char* name, MetricType type, const char* help, auto value) {
    AddOne(name, type, help, static_cast<double>(value), families);
  };
  AddSubscriptions(stats, families);
  add("gateway_events_kept_total", MetricType::Counter, "Events that were put into the log.",
      stats.events);
  add("gateway_events_conflicts_total", MetricType::Counter,
      "Events with the id of another and a body of their own; both are kept.", stats.conflicts);
  add("gateway_events_writable", MetricType::Gauge,
      "1 while the log can be written; else webhooks are answered 503.",
      stats.unavailable.empty() ? 1 : 0);
  add("gateway_events_commits_total", MetricType::Counter,
      "Transactions of the log that are durable.", stats.commits);
  add("gateway_events_failed_commits_total", MetricType::Counter,
      "Transactions that the log did not take.", stats.failed_commits);
  add("gateway_events_bytes", MetricType::Gauge, "What the log of events takes up.", stats.bytes);
}

void AddReceiverMetrics(const WebhooksConfig& config, const events::Intake& intake,
                        const events::Receiver& receiver, std::vector<MetricFamily>& families) {
  Family received("gateway_webhooks_received_total", MetricType::Counter,
                  "Webhooks that were received, by what became of them.");
  for (const auto& [provider, unused] : config.providers) {
    for (const events::Outcome outcome : events::kOutcomes) {
      received.Add({{"provider", provider}, {"outcome", events::Name(outcome)}},
                   static_cast<double>(intake.count(provider, outcome)));
    }
  }
  families.push_back(received.Take());
  Family turned("gateway_webhooks_turned_away_total", MetricType::Counter,
                "Requests and connections that ended before a webhook was looked at.");
  for (const events::Receiver::Turned why : events::Receiver::kAllTurned) {
    turned.Add({{"reason", events::Receiver::Name(why)}},
               static_cast<double>(receiver.turned(why)));
  }
  families.push_back(turned.Take());
  AddOne("gateway_webhooks_unreadable_total", MetricType::Counter,
         "Genuine webhooks that are no JSON object; they are kept as they are.",
         static_cast<double>(intake.unreadable()), families);
  AddOne("gateway_webhooks_connections", MetricType::Gauge,
         "Connections of the receiver of webhooks.", static_cast<double>(receiver.connections()),
         families);
}

}  // namespace gateway
