// Which call goes to which connection: the idle connections, newest first, the calls that wait for
// one, first come, first served, and for which of these a connection is to be made.
//
// While a call waits, no connection is idle. One connection is made for each waiting call, as far
// as the bounds allow. It goes to the call that waits longest; where it cannot be made, the call
// that it was made for fails.
//
// Thread-safety: none; guarded by its reactor's lock. It does no I/O: connections that it lets go
// are the caller's to close.
#ifndef UPSTREAM_HTTP_POOL_H_
#define UPSTREAM_HTTP_POOL_H_

#include <algorithm>
#include <cstddef>
#include <list>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "upstream/http/connection.h"
#include "upstream/http/open_call.h"
#include "upstream/http/options.h"
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
  void Enqueue(CallPtr call) { queue_.push_back(std::move(call)); }
  void EnqueueFirst(CallPtr call);
  // It waits no more.
  void Dequeue(const OpenCall& call);

  // A call that a connection is to be made for now; null: none. The pool counts the attempt until
  // it hears of its end.
  CallPtr NextAttempt();
  bool WantsAttempt() const;
  void AttemptMade(ConnectionPtr connection);
  void AttemptFailed() { --connecting_; }

  // Until when a connection may serve requests, of which its upstream says `until`.
  SteadyTime ServesUntil(const Connection& connection, SteadyTime until) const {
    return std::min(until, connection.created() + max_age_);
  }

  // The connection is free, and may serve requests until then. Returns the call that it goes to;
  // null: it is idle, for max_connection_idle at most.
  CallPtr Offer(ConnectionPtr connection, SteadyTime now, SteadyTime until);

  // The connection is, or is to be, closed.
  void Drop(const ConnectionPtr& connection);

  // Takes out the idle connections that are too old now, or on which nothing came since `moment`.
  std::vector<ConnectionPtr> TakeExpired(SteadyTime now);
  std::vector<ConnectionPtr> TakeSilentSince(SteadyTime moment);
  // TakeExpired has nothing to do before.
  SteadyTime next_expiry() const { return next_expiry_; }

  size_t queued() const { return queue_.size(); }
  size_t open() const { return connections_.size(); }
  SteadyTime oldest() const;

 private:
  struct Idle {
    ConnectionPtr connection;
    SteadyTime until;
  };

  template <typename Condition>
  std::vector<ConnectionPtr> TakeIdleIf(Condition condition);
  bool HasRoom() const;

  const size_t max_connections_;
  const absl::Duration max_age_;
  const absl::Duration max_idle_;

  absl::flat_hash_set<ConnectionPtr> connections_;  // all
  std::vector<Idle> idle_;                          // the newest last
  std::list<CallPtr> queue_;
  SteadyTime next_expiry_ = SteadyTime::InfiniteFuture();
  size_t connecting_ = 0;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_POOL_H_
