// Decides which call gets which connection. Holds the idle connections (the newest is used first)
// and the calls that wait for one (first come, first served), and knows for which waiting calls a
// connection must still be made.
//
// While a call waits, no connection is idle. One connection is made for each waiting call, within
// the bounds. A new connection goes to the first call in the queue. If a connection cannot be made,
// the call for which it was to be made fails. There are never fewer attempts under way than waiting
// calls for which an attempt was begun: when an attempt ends, another call may need a new one.
//
// Thread-safety: none; guarded by its dispatcher's lock. It does no I/O: the caller must close the
// connections that it lets go.
#ifndef UPSTREAM_HTTP_POOL_H_
#define UPSTREAM_HTTP_POOL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_set.h"
#include "upstream/http/connection.h"
#include "upstream/http/open_call.h"
#include "upstream/http/options.h"
#include "upstream/http/stats.h"
#include "upstream/steady_time.h"

namespace gateway::http {

class Pool {
 public:
  using ConnectionPtr = std::shared_ptr<Connection>;
  using CallPtr = std::shared_ptr<OpenCall>;

  // `options` has this pool's share of max_connections.
  explicit Pool(const Options& options);

  // Returns the connection that became idle last and may still be used, or null. Moves the
  // connections that may not be used any more into `expired`.
  ConnectionPtr Take(SteadyTime now, std::vector<ConnectionPtr>& expired);

  // Enqueue puts the call at the end of the queue. EnqueueFirst puts it at the front, after its
  // connection proved unusable.
  void Enqueue(CallPtr call) { EnqueueAt(last_place_++, std::move(call)); }
  void EnqueueFirst(CallPtr call) { EnqueueAt(--first_place_, std::move(call)); }
  // Removes the call from the queue if it is there.
  void Dequeue(OpenCall& call);

  // Returns a call for which a connection must be made now, or null. The pool counts the attempt
  // until AttemptMade or AttemptFailed is called.
  CallPtr NextAttempt();
  bool WantsAttempt() const { return !not_attempted_.empty() && HasRoom(); }
  void AttemptMade(ConnectionPtr connection);
  void AttemptFailed();

  // Until when a connection may serve requests: until its upstream's own limit `until`, or until
  // max_connection_age if that comes first.
  SteadyTime ServesUntil(const Connection& connection,
                         SteadyTime until = SteadyTime::InfiniteFuture()) const {
    return std::min(until, connection.created() + max_age_);
  }

  // Takes a free connection that may serve requests until `until`. Returns the call that gets the
  // connection. Returns null if no call waits: then the connection is idle, for max_connection_idle
  // at most. Calls whose deadline has passed get none and no longer wait.
  CallPtr Offer(ConnectionPtr connection, SteadyTime now, SteadyTime until);

  // Forgets a connection that is or will be closed. It must not be idle: call Take or RemoveIdle
  // first.
  void Drop(const ConnectionPtr& connection) { connections_.erase(connection); }

  // Makes the connection no longer idle, if it was.
  void RemoveIdle(const ConnectionPtr& connection);

  // Both remove idle connections, add them to `taken` and return how many: TakeExpired the
  // connections that may not be used any more at `now`, TakeSilentSince the connections that have
  // received nothing since `moment`.
  size_t TakeExpired(SteadyTime now, std::vector<ConnectionPtr>& taken);
  size_t TakeSilentSince(SteadyTime moment, std::vector<ConnectionPtr>& taken);
  // Before this time, TakeExpired has nothing to do.
  SteadyTime next_expiry() const { return next_expiry_; }

  // Sets the numbers of `stats` that describe the queue and the connections.
  void Describe(Stats& stats) const;

 private:
  struct Idle {
    ConnectionPtr connection;
    SteadyTime until;
  };

  template <typename Condition>
  size_t TakeIdleIf(Condition condition, std::vector<ConnectionPtr>& taken);
  bool HasRoom() const { return connections_.size() + connecting_ < max_connections_; }
  void EnqueueAt(int64_t place, CallPtr call);
  void EndAttempt();
  CallPtr TakeFirst();

  const size_t max_connections_;
  const absl::Duration max_age_;
  const absl::Duration max_idle_;

  absl::flat_hash_set<ConnectionPtr> connections_;  // all, idle or in use
  std::vector<Idle> idle_;                          // the last to become idle is at the end
  // The waiting calls, by place, and the places of the calls for which no connection is being made.
  // Trees, because lookups and changes must stay fast when thousands wait.
  absl::btree_map<int64_t, CallPtr> queue_;
  absl::btree_set<int64_t> not_attempted_;
  int64_t first_place_ = 0;
  int64_t last_place_ = 0;
  SteadyTime next_expiry_ = SteadyTime::InfiniteFuture();
  size_t connecting_ = 0;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_POOL_H_
