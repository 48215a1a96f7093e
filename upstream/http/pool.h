// Which call goes to which connection: the idle connections, newest first, the calls that wait for
// one, first come, first served, and for which of these a connection is to be made.
//
// While a call waits, no connection is idle. One connection is made for each waiting call, as far
// as the bounds allow. It goes to the call that waits longest; where it cannot be made, the call
// that it was made for fails.
//
// Thread-safety: none; guarded by its dispatcher's lock. It does no I/O: connections that it lets
// go are the caller's to close.
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

  // `options` with this pool's share of max_connections.
  explicit Pool(const Options& options);

  // The newest idle connection that may still be used; null where there is none. Puts those that
  // may not into `expired`.
  ConnectionPtr Take(SteadyTime now, std::vector<ConnectionPtr>& expired);

  // The call waits for a connection: as the last, or, where it had one that was of no use, as the
  // first.
  void Enqueue(CallPtr call) { EnqueueAt(last_place_++, std::move(call)); }
  void EnqueueFirst(CallPtr call) { EnqueueAt(--first_place_, std::move(call)); }
  // It waits no more, if it did.
  void Dequeue(OpenCall& call);

  // A call that a connection is to be made for now; null: none. The pool counts the attempt until
  // it hears of its end.
  CallPtr NextAttempt();
  bool WantsAttempt() const { return !not_attempted_.empty() && HasRoom(); }
  void AttemptMade(ConnectionPtr connection);
  void AttemptFailed() { --connecting_; }

  // Until when a connection may serve requests, of which its upstream says `until`.
  SteadyTime ServesUntil(const Connection& connection,
                         SteadyTime until = SteadyTime::InfiniteFuture()) const {
    return std::min(until, connection.created() + max_age_);
  }

  // The connection is free, and may serve requests until then. Returns the call that it goes to;
  // null: it is idle, for max_connection_idle at most.
  CallPtr Offer(ConnectionPtr connection, SteadyTime now, SteadyTime until);

  // The connection is, or is to be, closed. It is not idle: Take gave it away, or RemoveIdle did.
  void Drop(const ConnectionPtr& connection) { connections_.erase(connection); }

  // It is not idle any more, if it was.
  void RemoveIdle(const ConnectionPtr& connection);

  // Takes out the idle connections that are too old now, or on which nothing came since `moment`,
  // and adds them to `taken`. Returns how many.
  size_t TakeExpired(SteadyTime now, std::vector<ConnectionPtr>& taken);
  size_t TakeSilentSince(SteadyTime moment, std::vector<ConnectionPtr>& taken);
  // TakeExpired has nothing to do before.
  SteadyTime next_expiry() const { return next_expiry_; }

  // Sets what the stats say of the queue and of the connections now.
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
  CallPtr TakeFirst();

  const size_t max_connections_;
  const absl::Duration max_age_;
  const absl::Duration max_idle_;

  absl::flat_hash_set<ConnectionPtr> connections_;  // all
  std::vector<Idle> idle_;                          // the newest last
  // The calls that wait, by their place, and the places of those that no connection is being made
  // for: to find, to add and to remove one takes no longer where thousands wait.
  absl::btree_map<int64_t, CallPtr> queue_;
  absl::btree_set<int64_t> not_attempted_;
  int64_t first_place_ = 0;
  int64_t last_place_ = 0;
  SteadyTime next_expiry_ = SteadyTime::InfiniteFuture();
  size_t connecting_ = 0;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_POOL_H_
