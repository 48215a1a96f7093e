// One thread that owns a share of the connections and of the calls, from their submission to their
// end.
//
//   Submit, Cancel -> inbox -> queue (first come, first served) -> libcurl -> done
//
// The queue stands in front of libcurl, which is slow at queueing, and is bounded. Deadlines hold
// in every stage.
//
// Thread-safety: all public methods may be called from any thread, Submit also from inside a
// `done`. Lifetime: the destructor ends open calls with Error::kShutdown and joins the thread;
// nobody may submit by then.
#ifndef UPSTREAM_HTTP_EVENT_LOOP_H_
#define UPSTREAM_HTTP_EVENT_LOOP_H_

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "upstream/http/multi.h"
#include "upstream/http/options.h"
#include "upstream/http/poller.h"
#include "upstream/http/stats.h"
#include "upstream/http/transfer.h"
#include "upstream/http/transport.h"

namespace gateway::http {

class EventLoop {
 public:
  using CallId = Transport::CallId;

  // `options` with this loop's share of max_connections and max_queued.
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create(const Options& options);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // `id` is new to this loop. With `refusal` the call is not made, and `done` gets that error on
  // the loop's thread.
  void Submit(CallId id, std::shared_ptr<const Request> request, Transport::Done done,
              std::optional<Error> refusal = std::nullopt);

  // See Transport::Wait. `id` is new to this loop.
  void Wait(CallId id, absl::Time until, Transport::Done done);

  void Cancel(CallId id);

  void Stop();

  // Calls that were submitted and are not over.
  int64_t open() const { return open_.load(std::memory_order_relaxed); }

  Stats Snapshot() const;

 private:
  struct Call {
    Call(CallId id, std::shared_ptr<const Request> request, Transport::Done done,
         const Options& options)
        : id(id), transfer(std::move(request), options), done(std::move(done)) {}

    const CallId id;
    Transfer transfer;
    Transport::Done done;
    Clock::time_point deadline = Clock::time_point::max();
    std::optional<Error> refusal;
    bool only_waits = false;  // it has no request
    Multi* multi = nullptr;   // where it runs; none while it waits
  };
  using Calls = std::list<Call>;

  // What the replies so far say of the upstream.
  enum class Protocol { kUnknown, kHttp1, kHttp2 };

  struct Inbox {
    Calls submitted;
    std::vector<CallId> cancelled;
    bool stop = false;
  };

  EventLoop(const Options& options, std::unique_ptr<Poller> poller, std::unique_ptr<Multi> multi);

  // Any thread.
  void Post(Calls& call);

  // Any thread that holds mutex_.
  void WakeIfAsleep();

  // The loop's thread only.
  void Run();
  int WaitMilliseconds();
  bool TakeInbox();
  bool HasMail();
  void CancelCall(CallId id);
  void EndExpired();
  void StartQueued();
  void Start(Calls::iterator call);
  bool RunAndCollect();
  bool CollectFinished(Multi& multi);
  void LearnProtocol(const EasyHandle& handle);
  void EndThoseWaitingFor(const Error& failure);
  void RotateConnections();
  void EndAll();
  void EndEarly(Calls::iterator call, Error::Kind kind, absl::string_view message);
  void End(Calls::iterator call, Result result);
  int InFlightLimit() const;
  EasyHandle TakeHandle();

  const Options options_;
  const std::unique_ptr<Poller> poller_;

  // Guarded by mutex_, which is of the standard library because a thread sanitizer does not see the
  // locks of a distribution's Abseil.
  std::mutex mutex_;
  Inbox inbox_;
  bool asleep_ = false;

  // The loop's thread only.
  std::unique_ptr<Multi> multi_;                 // where new calls start
  std::vector<std::unique_ptr<Multi>> retired_;  // past their age, with calls that still run
  std::vector<EasyHandle> free_handles_;
  Calls queue_;
  Calls running_;
  Calls waiting_;  // those that only wait
  absl::flat_hash_map<CallId, Calls::iterator> calls_;
  absl::btree_set<std::pair<Clock::time_point, CallId>> deadlines_;
  Protocol protocol_ = Protocol::kUnknown;

  std::atomic<int64_t> open_{0};
  std::atomic<int64_t> capacity_;  // calls that may be open: in flight and queued
  std::atomic<int64_t> queued_{0};
  std::atomic<int64_t> in_flight_{0};
  std::atomic<int64_t> connections_created_{0};
  std::atomic<int64_t> connections_reused_{0};
  std::atomic<int64_t> requests_started_{0};
  std::atomic<int64_t> requests_finished_{0};
  std::atomic<int64_t> repeats_refused_{0};

  std::thread thread_;  // last: starts when all else is ready
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_EVENT_LOOP_H_
