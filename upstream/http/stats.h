// Numbers of a transport at one moment, for metrics. A plain value.
#ifndef UPSTREAM_HTTP_STATS_H_
#define UPSTREAM_HTTP_STATS_H_

#include <algorithm>
#include <cstdint>

namespace gateway::http {

struct Stats {
  // Now.
  int64_t open = 0;                      // calls submitted and not over
  int64_t queued = 0;                    // of these, waiting for their turn
  int64_t in_flight = 0;                 // of these, with libcurl: connecting, sending or receiving
  int64_t connections_open = 0;          // in use or not
  double oldest_connection_seconds = 0;  // its age

  // Since the start.
  int64_t connections_created = 0;
  int64_t connections_reused = 0;  // requests answered over one that was there
  int64_t requests_started = 0;    // given to libcurl
  int64_t requests_finished = 0;   // of these, over, whatever the end
  int64_t repeats_refused = 0;     // libcurl was about to send a request a second time

  Stats& operator+=(const Stats& other) {
    open += other.open;
    queued += other.queued;
    in_flight += other.in_flight;
    connections_open += other.connections_open;
    oldest_connection_seconds =
        std::max(oldest_connection_seconds, other.oldest_connection_seconds);
    connections_created += other.connections_created;
    connections_reused += other.connections_reused;
    requests_started += other.requests_started;
    requests_finished += other.requests_finished;
    repeats_refused += other.repeats_refused;
    return *this;
  }
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_STATS_H_
