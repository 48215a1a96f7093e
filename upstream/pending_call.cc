#include "upstream/pending_call.h"

#include <string.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "upstream/http/body_memory.h"
#include "upstream/mapping/profile.h"
#include "upstream/mapping/reply/error_table.h"
#include "upstream/redaction.h"
#include "upstream/verdict.h"

namespace gateway {
namespace {

using mapping::Failure;
using mapping::NotSent;
using resilience::Gate;

constexpr int kUnauthorized = 401;
// How long a call waits for newer keys, so that an unreadable key file does not delay the call for
// long.
constexpr absl::Duration kLongestRenewal = absl::Seconds(1);

// A generator for each thread, because absl::InsecureBitGen is not thread-safe.
absl::BitGenRef Random() {
  thread_local absl::InsecureBitGen random;
  return random;
}

// Overwrites all lines after the first `count` lines, because one of them holds a key.
void WipeBehind(size_t count, http::HeaderLines& headers) {
  for (size_t i = count; i < headers.size(); ++i) {
    const absl::string_view line = headers[i];
    explicit_bzero(const_cast<char*>(line.data()), line.size());
  }
}

}  // namespace

PendingCall::PendingCall(Upstream& upstream, PreparedCall call, const CallTerms& terms, Done done)
    : upstream_(upstream),
      route_(*call.route),
      lane_(upstream.lane(route_.access)),
      deadline_(terms.deadline - upstream.options.deadline_margin),
      store_(std::move(call.request.tenant)),
      request_(std::move(call.request.http)),
      common_headers_(request_.headers.size()),
      caller_(terms.caller != 0 ? terms.caller : absl::HashOf(store_)),
      observer_(terms.observer),
      renewal_(terms.renewal),
      caller_key_(terms.caller_key.value_or("")),
      done_(std::move(done)),
      credentials_(terms.credentials) {}

PendingCall::~PendingCall() {
  WipeBehind(common_headers_, request_.headers);
  for (std::string* const key : {&key_, &caller_key_}) explicit_bzero(key->data(), key->size());
}

void PreparedCall::AddIdempotencyKey(absl::string_view key) {
  if (!route->idempotency_key || route->access == mapping::Access::kRead) return;
  request.http.headers.Add(route->provider->idempotency_key().header(), ": ", key);
}

void PendingCall::Start() {
  const SteadyTime now = SteadyTime::Now();
  ++upstream_.counters.calls;
  upstream_.retry_budget.CountCall(now);
  if (const auto wait = upstream_.rate_limit.TryTake(store_, now)) {
    ++upstream_.counters.rate_limited;
    Failure failure = NotSent(absl::StatusCode::kResourceExhausted, "RATE_LIMITED",
                              "this store's calls exceed the gateway's rate limit");
    failure.retry_after = *wait;
    return Refuse(std::move(failure));
  }
  Attempt();
}

void PendingCall::Attempt() {
  key_ = caller_key_;
  if (key_.empty() && credentials_ != nullptr) key_ = std::string(credentials_->KeyFor(store_));
  if (key_.empty()) {
    return Refuse(NotSent(absl::StatusCode::kUnauthenticated, "NO_API_KEY",
                          "the gateway has no API key for this store"));
  }
  pass_ = lane_.gate.Enter(SteadyTime::Now(), {caller_, absl::HashOf(store_)});
  if (pass_.entry == Gate::Entry::kNoRoom) {
    ++upstream_.counters.shed;
    return Refuse(NotSent(absl::StatusCode::kUnavailable, "OVERLOADED",
                          "more calls are under way than the upstream can take"));
  }
  if (pass_.entry == Gate::Entry::kBreakerOpen) {
    ++upstream_.counters.refused_by_breaker;
    return Refuse(NotSent(absl::StatusCode::kUnavailable, "CIRCUIT_OPEN",
                          "the upstream has been failing; it is not called for now"));
  }
  ++attempts_;
  SetHeaders();
  request_.deadline = deadline_;
  Track([this] {
    const std::shared_ptr<PendingCall> self = shared_from_this();
    return upstream_.transport.Send(
        std::shared_ptr<const http::Request>(self, &request_),
        [self](http::Result result) { self->OnResult(std::move(result)); });
  });
}

// Removes the headers of the attempt before, and adds the headers of this attempt.
void PendingCall::SetHeaders() {
  http::HeaderLines& headers = request_.headers;
  WipeBehind(common_headers_, headers);
  headers.Truncate(common_headers_);
  if (observer_ != nullptr) observer_->OnAttempt(headers);
  // The key is added last: if the lines grew after that, the old memory would keep a copy of the
  // key.
  mapping::AddAuthorization(*route_.provider, key_, headers);
}

void PendingCall::OnResult(http::Result result) {
  const SteadyTime now = SteadyTime::Now();
  if (observer_ != nullptr) observer_->OnResult(result);
  ++lane_.counters.attempts[AttemptResultOf(result)];
  lane_.gate.Leave(pass_, VerdictOf(result, now - pass_.entered), LatencyCounts(result), now);
  http_status_ = 0;
  if (const auto* error = std::get_if<http::Error>(&result)) {
    return OnFailure(result, mapping::FromTransportError(*error, route_.access));
  }
  auto& response = std::get<http::Response>(result);
  http_status_ = response.status;
  const Redaction redaction(*route_.provider, key_);
  redaction.Mask(response);
  auto read = mapping::ReadReply(route_, response);
  // The Failure for an unusable 2xx quotes a part of the body. If the key is in the body, mask it
  // and read the body again, because the quoted part may have cut the key.
  if (std::holds_alternative<Failure>(read) && redaction.MaskBody(response)) {
    read = mapping::ReadReply(route_, response);
  }
  if (auto* failure = std::get_if<Failure>(&read)) {
    redaction.Mask(*failure);
    return OnFailure(result, std::move(*failure));
  }
  auto& reply = std::get<mapping::Reply>(read);
  redaction.Mask(reply, response);
  http::KeepBodyMemory(std::move(response.body));
  Finish(std::move(reply));
}

void PendingCall::OnFailure(const http::Result& result, Failure failure) {
  // The outcome is that of the whole call: an attempt that was not sent does not undo what an
  // earlier attempt may have done.
  if (failure.outcome == mapping::Outcome::kNotSent) failure.outcome = outcome_;
  outcome_ = failure.outcome;
  if (MayRenewKey(failure)) return RenewKey(std::move(failure));
  if (!MayRepeat(result, failure, route_.access)) return Finish(std::move(failure));
  const SteadyTime now = SteadyTime::Now();
  const auto wait = resilience::NextWait(upstream_.options.retry, attempts_, failure.retry_after,
                                         now, deadline_, Random());
  if (!wait) return Finish(std::move(failure));
  if (!upstream_.retry_budget.TryTake(now)) {
    ++upstream_.counters.retries_over_budget;
    return Finish(std::move(failure));
  }
  ++upstream_.counters.retries;
  last_failure_ = std::move(failure);
  WaitAndAttempt(*wait);
}

bool PendingCall::MayRenewKey(const Failure& failure) const {
  return failure.http_status == kUnauthorized && renewal_ != nullptr && !key_renewed_ &&
         caller_key_.empty();
}

// The upstream refused the key. A newer key may exist: operators replace keys in files shortly
// before or after the old keys end. If there is a newer key, the call is made once more with it;
// this is safe, because the refused call did not happen. Until the keys come, the call waits at the
// transport, so that it can be cancelled.
void PendingCall::RenewKey(Failure failure) {
  key_renewed_ = true;
  last_failure_ = std::move(failure);
  const std::shared_ptr<const Credentials> refused = credentials_;
  Track([this] {
    const SteadyTime end = std::min(deadline_, SteadyTime::Now() + kLongestRenewal);
    return upstream_.transport.Wait(
        end, [self = shared_from_this()](const http::Result&) { self->OnRenewal(); });
  });
  renewal_->Renew(upstream_, refused, [call = weak_from_this()](auto keys) {
    if (const auto self = call.lock()) self->TakeRenewal(std::move(keys));
  });
}

// Called on any thread. Ends the call's wait at the transport, so that OnRenewal runs on a thread
// of the transport.
void PendingCall::TakeRenewal(std::shared_ptr<const Credentials> keys) {
  http::Transport::CallId waiting;
  {
    const MutexLock lock(mutex_);
    renewed_ = std::move(keys);
    waiting = current_;
  }
  upstream_.transport.Cancel(waiting);
}

void PendingCall::OnRenewal() {
  std::shared_ptr<const Credentials> keys;
  {
    const MutexLock lock(mutex_);
    if (!cancelled_) keys = std::move(renewed_);
  }
  if (keys == nullptr || keys->KeyFor(store_) == key_) return Finish(*std::move(last_failure_));
  credentials_ = std::move(keys);
  ++upstream_.counters.keys_renewed;
  Attempt();
}

void PendingCall::WaitAndAttempt(absl::Duration wait) {
  Track([this, wait] {
    const auto go_on = [self = shared_from_this()](const http::Result& ended) {
      const bool in_time = std::get<http::Error>(ended).kind == http::Error::Kind::kDeadline;
      if (in_time) return self->Attempt();
      self->Finish(*std::move(self->last_failure_));
    };
    return upstream_.transport.Wait(SteadyTime::Now() + wait, go_on);
  });
}

void PendingCall::Refuse(Failure failure) {
  // The failure of an earlier attempt says more, because it has the outcome of that attempt.
  Finish(last_failure_ ? *std::move(last_failure_) : std::move(failure));
}

void PendingCall::Finish(std::variant<mapping::Reply, Failure> result) {
  if (const auto* failure = std::get_if<Failure>(&result);
      failure != nullptr && failure->outcome == mapping::Outcome::kUnknown) {
    ++lane_.counters.unknown;
  }
  done_({std::move(result), attempts_, std::move(store_), http_status_});
}

template <typename Begin>
void PendingCall::Track(Begin begin) {
  int turn;
  {
    const MutexLock lock(mutex_);
    turn = ++turn_;
  }
  const http::Transport::CallId id = begin();
  bool cancelled;
  {
    const MutexLock lock(mutex_);
    // If another turn has begun by now, the transport has already finished this turn.
    if (turn == turn_) current_ = id;
    cancelled = cancelled_;
  }
  if (cancelled) upstream_.transport.Cancel(id);
}

void PendingCall::Cancel() {
  http::Transport::CallId id;
  {
    const MutexLock lock(mutex_);
    cancelled_ = true;
    id = current_;
  }
  if (id != 0) upstream_.transport.Cancel(id);
}

}  // namespace gateway
