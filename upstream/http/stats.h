// Numbers of a transport at one moment, for metrics. A plain value.
#ifndef UPSTREAM_HTTP_STATS_H_
#define UPSTREAM_HTTP_STATS_H_

#include <algorithm>
#include <cstdint>

namespace gateway::http {

struct Stats {
  // At this moment.
  int64_t open = 0;                      // calls submitted and not over
  int64_t queued = 0;                    // of these, waiting for a connection
  int64_t in_flight = 0;                 // of these, on a connection
  int64_t connections_open = 0;          // in use or not
  double oldest_connection_seconds = 0;  // age of the oldest connection

  // Since the start.
  int64_t connections_created = 0;
  int64_t connections_reused = 0;  // requests answered on a connection that was there before
  int64_t requests_started = 0;    // requests that a connection took, at least in part
  int64_t requests_finished = 0;   // of these, ended in any way
  // Kept connections that were closed because something could be read on them after a reply and
  // before the next request: bytes that no request asked for, or the connection's end. Bytes that
  // were read in one piece with the reply do not count.
  int64_t connections_ended_idle = 0;
  // `silences` counts requests on a kept connection that got no byte by their deadline.
  // `connections_closed_for_silence` counts idle connections that were closed because of a silence,
  // or because a kept connection was reset during a request.
  int64_t silences = 0;
  int64_t connections_closed_for_silence = 0;

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
    connections_ended_idle += other.connections_ended_idle;
    silences += other.silences;
    connections_closed_for_silence += other.connections_closed_for_silence;
    return *this;
  }
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_STATS_H_
