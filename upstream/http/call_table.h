// The open calls, by id and by deadline.
//
// Thread-safety: none, except for open(); guarded by the dispatcher's lock.
#ifndef UPSTREAM_HTTP_CALL_TABLE_H_
#define UPSTREAM_HTTP_CALL_TABLE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "upstream/http/open_call.h"
#include "upstream/http/transport.h"
#include "upstream/steady_time.h"

namespace gateway::http {

class CallTable {
 public:
  using CallId = Transport::CallId;
  using CallPtr = std::shared_ptr<OpenCall>;

  // The call's id must be new.
  void Add(CallPtr call);

  // Null if the call is over.
  CallPtr Find(CallId id) const;

  // Each removes one call and returns it: Take the call with this id, TakeExpired a call whose
  // deadline is not after `now`, and TakeAny any call. They return null if there is no such call.
  CallPtr Take(CallId id);
  CallPtr TakeExpired(SteadyTime now);
  CallPtr TakeAny() { return calls_.empty() ? nullptr : Take(calls_.begin()->first); }

  // The earliest deadline.
  SteadyTime next_deadline() const {
    return deadlines_.empty() ? SteadyTime::InfiniteFuture() : deadlines_.begin()->first;
  }

  // How many calls have a request, so that calls of Transport::Wait are left out. May be called
  // from any thread.
  int64_t open() const { return open_.load(std::memory_order_relaxed); }

 private:
  absl::flat_hash_map<CallId, CallPtr> calls_;
  absl::btree_set<std::pair<SteadyTime, CallId>> deadlines_;
  std::atomic<int64_t> open_{0};
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_CALL_TABLE_H_
