// One call at one upstream, from its first attempt to its answer:
//
//   Attempt: gate -> Transport::Send -> reply or failure -> answer, or wait and Attempt again
//
// verdict.h decides which attempts may be repeated, the retry policy decides when, and the retry
// budget whether there is room for one more.
//
// Thread-safety: Start once, Cancel from any thread. Attempts follow one another, each on a thread
// of the transport. Lifetime: shared by whoever may cancel it and by the transport while it works
// for it. What it refers to, the upstream and the route, must outlive it.
#ifndef UPSTREAM_PENDING_CALL_H_
#define UPSTREAM_PENDING_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/attempt_observer.h"
#include "upstream/credentials.h"
#include "upstream/http/transport.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/reply/reply_reader.h"
#include "upstream/mapping/request/request_identity.h"
#include "upstream/mapping/request/request_writer.h"
#include "upstream/mapping/route.h"
#include "upstream/mutex.h"
#include "upstream/resilience/gate.h"
#include "upstream/steady_time.h"
#include "upstream/upstream.h"

namespace gateway {

struct Answer {
  std::variant<mapping::Reply, mapping::Failure> result;
  // How often the call was handed to the transport.
  int attempts = 0;
  // The store that the call is about. Empty if there is none, or if the request is invalid.
  std::string store = {};
  int http_status = 0;  // of the last reply; 0: there was none
};

// A call of which nothing is sent yet.
struct PreparedCall {
  const mapping::Route* route;  // outlives the call
  mapping::RestRequest request;
  mapping::RequestIdentity identity = {};  // only where the terms ask for it

  // Adds the key for an upstream that heeds keys, if Prepare has left it out (see
  // mapping::RequestContext::ledger_heeds_keys).
  void AddIdempotencyKey(absl::string_view key);

  // The store that the call is about; empty for none.
  const std::string& store() const { return request.tenant; }
};

// What a caller states besides its message. The texts need not outlive Client::Send.
struct CallTerms {
  // The end of all attempts together, with their queueing and the waits in between.
  SteadyTime deadline;
  std::optional<absl::string_view> idempotency_key = {};  // see mapping::RequestContext
  // A ledger keeps the call: it heeds the idempotency key, and wants the request's identity.
  bool kept_by_ledger = false;
  // Somebody between the caller and this gateway has sent the call before.
  bool repeated = false;
  // The gateway's keys; null: it has none.
  std::shared_ptr<const Credentials> credentials = {};
  // Asked for newer keys when the upstream refuses one; null: there are none. Outlives the client.
  KeyRenewal* renewal = nullptr;
  // The caller's own key, which replaces the gateway's if the upstream's options accept that.
  std::optional<absl::string_view> caller_key = {};
  // The same number for all calls of one caller: it gets a share of the upstream's places. 0: the
  // caller is unknown, and its store stands for it.
  size_t caller = 0;
  // May be null. Must live until the call is done.
  AttemptObserver* observer = nullptr;
};

class PendingCall : public std::enable_shared_from_this<PendingCall> {
 public:
  using Done = absl::AnyInvocable<void(Answer)>;

  PendingCall(Upstream& upstream, PreparedCall call, const CallTerms& terms, Done done);
  ~PendingCall();
  PendingCall(const PendingCall&) = delete;
  PendingCall& operator=(const PendingCall&) = delete;

  void Start();

  // Ends the attempt or wait that is under way. The answer is CANCELLED unless it was given
  // already.
  void Cancel();

 private:
  void Attempt();
  void SetHeaders();
  void OnResult(http::Result result);
  // The failure that is the answer unless the call is tried again.
  void OnFailure(const http::Result& result, mapping::Failure failure);
  bool MayRenewKey(const mapping::Failure& failure) const;
  void RenewKey(mapping::Failure failure);
  void TakeRenewal(std::shared_ptr<const Credentials> keys);
  void OnRenewal();
  void WaitAndAttempt(absl::Duration wait);
  // Ends the call, which cannot be sent now: with an earlier attempt's failure, else with this one.
  void Refuse(mapping::Failure failure);
  void Finish(std::variant<mapping::Reply, mapping::Failure> result);

  // Runs `begin`, which hands the transport something to do, and passes a cancellation on to it.
  template <typename Begin>
  void Track(Begin begin);

  Upstream& upstream_;
  const mapping::Route& route_;
  Lane& lane_;
  const SteadyTime deadline_;
  std::string store_;            // given away with the answer
  http::Request request_;        // changed only between attempts
  const size_t common_headers_;  // of the request, the same in every attempt
  const size_t caller_;
  AttemptObserver* const observer_;
  KeyRenewal* const renewal_;  // may be null
  std::string caller_key_;     // empty: the gateway's own counts
  Done done_;

  // One thread at a time: attempts follow one another.
  std::shared_ptr<const Credentials> credentials_;  // may be null
  std::string key_;
  bool key_renewed_ = false;
  int attempts_ = 0;
  int http_status_ = 0;  // of the last attempt
  resilience::Gate::Pass pass_;
  std::optional<mapping::Failure> last_failure_;

  Mutex mutex_;
  http::Transport::CallId current_ ABSL_GUARDED_BY(mutex_) = 0;
  // The answer of the renewal; null: none came.
  std::shared_ptr<const Credentials> renewed_ ABSL_GUARDED_BY(mutex_);
  int turn_ ABSL_GUARDED_BY(mutex_) = 0;  // counts what was handed to the transport
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace gateway

#endif  // UPSTREAM_PENDING_CALL_H_
