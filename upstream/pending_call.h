// One call at one upstream, from its first attempt to its answer:
//
//   Attempt: gate -> Transport::Send -> reply or failure -> answer, or wait and Attempt again
//
// verdict.h decides which attempts may be repeated, the retry policy decides when, and the retry
// budget whether there is room for one more. The answer is the failure of the last attempt, with
// the outcome of the last attempt that was sent; not_sent if none was.
//
// Thread-safety: Start must be called once; Cancel may be called from any thread. Attempts follow
// one another: Start begins the first one, and a thread of the transport begins each later one.
// Lifetime: shared by the caller's handle, and by the transport while it works for the call. The
// upstream and the route must outlive the call.
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
  // How many times the call was handed to the transport.
  int attempts = 0;
  // The store that the call is about. Empty if there is none, or if the request is invalid.
  std::string store = {};
  int http_status = 0;  // of the last attempt; 0: it got no reply
};

// A call that Client::Prepare has made. Nothing of it was sent yet.
struct PreparedCall {
  const mapping::Route* route;  // outlives the call
  mapping::RestRequest request;
  mapping::RequestIdentity identity = {};  // set only for a call that a ledger records

  // Adds the idempotency key for a write whose upstream heeds keys; otherwise does nothing. To be
  // called only if Prepare has left the key out (see mapping::RequestContext::ledger_heeds_keys).
  void AddIdempotencyKey(absl::string_view key);

  // The store that the call is about; empty for none.
  const std::string& store() const { return request.tenant; }
};

// The inputs of a call besides its message. The texts need not outlive Client::Send.
struct CallTerms {
  // All attempts, with their queueing and the waits between them, must end by this time.
  SteadyTime deadline;
  std::optional<absl::string_view> idempotency_key = {};  // see mapping::RequestContext
  // A ledger records the call. The ledger handles the idempotency key, and needs the request's
  // identity.
  bool kept_by_ledger = false;
  // A client library or a proxy has sent the call before, and now repeats it.
  bool repeated = false;
  // The gateway's own keys; null if it has none.
  std::shared_ptr<const Credentials> credentials = {};
  // Asked for newer keys when the upstream refuses a key. Null: a refused key is not renewed. Must
  // outlive the client.
  KeyRenewal* renewal = nullptr;
  // The caller's own key, used instead of the gateway's. Prepare refuses the call if the upstream's
  // options do not accept callers' keys.
  std::optional<absl::string_view> caller_key = {};
  // Identifies the caller, so that each caller gets a share of the upstream's places. 0: the caller
  // is unknown, and the call's store identifies it.
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

  // Ends the attempt or wait that is under way. During an attempt, the answer is CANCELLED unless
  // the reply comes first. During a wait, the answer is the failure of the attempt before. Does
  // nothing after the answer.
  void Cancel();

 private:
  void Attempt();
  void SetHeaders();
  void OnResult(http::Result result);
  // Renews the key or tries again, if that is allowed. Otherwise answers with `failure`.
  void OnFailure(const http::Result& result, mapping::Failure failure);
  bool MayRenewKey(const mapping::Failure& failure) const;
  void RenewKey(mapping::Failure failure);
  void TakeRenewal(std::shared_ptr<const Credentials> keys);
  void OnRenewal();
  void WaitAndAttempt(absl::Duration wait);
  // Ends a call that cannot be sent now. The answer is the failure of an earlier attempt, or
  // `failure` if there was no attempt.
  void Refuse(mapping::Failure failure);
  void Finish(std::variant<mapping::Reply, mapping::Failure> result);

  // Runs `begin`, which hands an attempt or a wait to the transport and returns its id. Keeps the
  // id for Cancel. If Cancel was called meanwhile, cancels that attempt or wait at once.
  template <typename Begin>
  void Track(Begin begin);

  Upstream& upstream_;
  const mapping::Route& route_;
  Lane& lane_;
  const SteadyTime deadline_;
  std::string store_;            // moved into the answer
  http::Request request_;        // changed only between attempts
  const size_t common_headers_;  // how many headers all attempts share
  const size_t caller_;
  AttemptObserver* const observer_;
  KeyRenewal* const renewal_;  // may be null
  std::string caller_key_;     // empty: the gateway's key is used
  Done done_;

  // Used by one thread at a time, because attempts follow one another.
  std::shared_ptr<const Credentials> credentials_;  // may be null
  std::string key_;
  bool key_renewed_ = false;
  int attempts_ = 0;
  int http_status_ = 0;                                    // of the last attempt
  mapping::Outcome outcome_ = mapping::Outcome::kNotSent;  // of the last attempt that was sent
  resilience::Gate::Pass pass_;
  std::optional<mapping::Failure> last_failure_;

  Mutex mutex_;
  http::Transport::CallId current_ ABSL_GUARDED_BY(mutex_) = 0;
  // The keys that the renewal has found; null if none have come.
  std::shared_ptr<const Credentials> renewed_ ABSL_GUARDED_BY(mutex_);
  int turn_ ABSL_GUARDED_BY(mutex_) = 0;  // number of attempts and waits so far
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace gateway

#endif  // UPSTREAM_PENDING_CALL_H_
