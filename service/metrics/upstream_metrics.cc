#include "service/metrics/upstream_metrics.h"

#include <string>
#include <utility>

#include "service/metrics/metric_family.h"

namespace gateway {
namespace {

using prometheus::MetricType;

double StateNumber(resilience::CircuitBreaker::State state) {
  switch (state) {
    case resilience::CircuitBreaker::State::kClosed:
      return 0;
    case resilience::CircuitBreaker::State::kHalfOpen:
      return 1;
    case resilience::CircuitBreaker::State::kOpen:
      return 2;
  }
  return 2;
}

// The samples of one upstream in one family. Each has the label `upstream`, and a second label if
// one is given.
class Samples {
 public:
  Samples(Family& family, const std::string& upstream) : family_(family), upstream_(upstream) {}

  template <typename Number>
  void Add(const Number& number) {
    family_.Add({{"upstream", upstream_}}, static_cast<double>(number));
  }

  template <typename Number>
  void Add(const char* label, std::string value, const Number& number) {
    family_.Add({{"upstream", upstream_}, {label, std::move(value)}}, static_cast<double>(number));
  }

  // Adds number(lane) for the lane of reads and for that of writes.
  template <typename NumberOf>
  void AddLanes(const Upstream& upstream, NumberOf number) {
    Add("kind", "read", number(upstream.reads));
    Add("kind", "write", number(upstream.writes));
  }

  void AddAttempts(const char* kind, const AttemptCounts& attempts) {
    for (size_t i = 0; i < attempts.size(); ++i) {
      family_.Add(
          {{"upstream", upstream_}, {"kind", kind}, {"result", std::string(AttemptResultName(i))}},
          static_cast<double>(attempts[i]));
    }
  }

 private:
  Family& family_;
  const std::string& upstream_;
};

struct UpstreamRow {
  const char* name;
  MetricType type;
  const char* help;
  void (*add)(const Upstream& upstream, Samples samples);
};

constexpr UpstreamRow kUpstreamRows[] = {
    {"gateway_upstream_attempts_total", MetricType::Counter,
     "Requests handed to the pool, by class of status or kind of transport error.",
     [](const Upstream& upstream, Samples samples) {
       samples.AddAttempts("read", upstream.counters.reads.attempts);
       samples.AddAttempts("write", upstream.counters.writes.attempts);
     }},
    {"gateway_upstream_retries_total", MetricType::Counter, "Attempts after the first.",
     [](const Upstream& upstream, Samples samples) { samples.Add(upstream.counters.retries); }},
    {"gateway_upstream_retries_over_budget_total", MetricType::Counter,
     "Retries that the retry budget did not allow.",
     [](const Upstream& upstream, Samples samples) {
       samples.Add(upstream.counters.retries_over_budget);
     }},
    {"gateway_upstream_shed_total", MetricType::Counter, "Attempts that were not made, and why.",
     [](const Upstream& upstream, Samples samples) {
       samples.Add("reason", "limit", upstream.counters.shed);
       samples.Add("reason", "breaker", upstream.counters.refused_by_breaker);
       samples.Add("reason", "rate_limit", upstream.counters.rate_limited);
     }},
    {"gateway_upstream_breaker_state", MetricType::Gauge, "0 closed, 1 half-open, 2 open.",
     [](const Upstream& upstream, Samples samples) {
       samples.AddLanes(upstream,
                        [](const Lane& lane) { return StateNumber(lane.gate.breaker().state()); });
     }},
    {"gateway_upstream_breaker_openings_total", MetricType::Counter,
     "Times that the breaker went from closed to open.",
     [](const Upstream& upstream, Samples samples) {
       samples.AddLanes(upstream, [](const Lane& lane) { return lane.gate.breaker().openings(); });
     }},
    {"gateway_upstream_concurrency_limit", MetricType::Gauge,
     "Attempts that may be under way at a time.",
     [](const Upstream& upstream, Samples samples) {
       samples.AddLanes(upstream, [](const Lane& lane) { return lane.gate.limit().limit(); });
     }},
    {"gateway_upstream_calls_in_flight", MetricType::Gauge, "Attempts that are under way.",
     [](const Upstream& upstream, Samples samples) {
       samples.AddLanes(upstream, [](const Lane& lane) { return lane.gate.limit().in_flight(); });
     }},
    {"gateway_upstream_outcome_unknown_total", MetricType::Counter,
     "Calls that failed with outcome unknown.",
     [](const Upstream& upstream, Samples samples) {
       samples.AddLanes(upstream, [](const Lane& lane) { return lane.counters.unknown.load(); });
     }},
    {"gateway_upstream_keys_renewed_total", MetricType::Counter,
     "Calls repeated with a newer key after the upstream refused the old one.",
     [](const Upstream& upstream, Samples samples) {
       samples.Add(upstream.counters.keys_renewed);
     }},
};

struct PoolRow {
  const char* name;
  MetricType type;
  const char* help;
  void (*add)(const http::Stats& pool, Samples samples);
};

constexpr PoolRow kPoolRows[] = {
    {"gateway_pool_requests", MetricType::Gauge, "Requests in the pool.",
     [](const http::Stats& pool, Samples samples) {
       samples.Add("state", "open", pool.open);
       samples.Add("state", "queued", pool.queued);
       samples.Add("state", "in_flight", pool.in_flight);
     }},
    {"gateway_pool_connections", MetricType::Gauge, "Open connections, in use or not.",
     [](const http::Stats& pool, Samples samples) { samples.Add(pool.connections_open); }},
    {"gateway_pool_oldest_connection_age_seconds", MetricType::Gauge,
     "Age of the oldest open connection.",
     [](const http::Stats& pool, Samples samples) { samples.Add(pool.oldest_connection_seconds); }},
    {"gateway_pool_connections_created_total", MetricType::Counter, "Connections opened.",
     [](const http::Stats& pool, Samples samples) { samples.Add(pool.connections_created); }},
    {"gateway_pool_connections_reused_total", MetricType::Counter,
     "Requests answered over a connection that was there.",
     [](const http::Stats& pool, Samples samples) { samples.Add(pool.connections_reused); }},
    {"gateway_pool_connections_ended_idle_total", MetricType::Counter,
     "Kept connections on which bytes or the end came behind a reply, before a request.",
     [](const http::Stats& pool, Samples samples) { samples.Add(pool.connections_ended_idle); }},
    {"gateway_pool_silences_total", MetricType::Counter,
     "Requests that got no byte by their deadline on a kept connection.",
     [](const http::Stats& pool, Samples samples) { samples.Add(pool.silences); }},
    {"gateway_pool_connections_closed_for_silence_total", MetricType::Counter,
     "Idle connections closed since a sibling was silent.",
     [](const http::Stats& pool, Samples samples) {
       samples.Add(pool.connections_closed_for_silence);
     }},
};

}  // namespace

void AddUpstreamMetrics(const std::vector<UpstreamAccess>& upstreams,
                        std::vector<prometheus::MetricFamily>& families) {
  for (const UpstreamRow& row : kUpstreamRows) {
    Family family(row.name, row.type, row.help);
    for (const UpstreamAccess& upstream : upstreams) {
      row.add(upstream.client->upstream(), Samples(family, upstream.name));
    }
    families.push_back(family.Take());
  }
  std::vector<http::Stats> pools;
  for (const UpstreamAccess& upstream : upstreams) pools.push_back(upstream.client->pool());
  for (const PoolRow& row : kPoolRows) {
    Family family(row.name, row.type, row.help);
    for (size_t i = 0; i < pools.size(); ++i) {
      row.add(pools[i], Samples(family, upstreams[i].name));
    }
    families.push_back(family.Take());
  }
}

}  // namespace gateway
