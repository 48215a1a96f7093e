#include "service/call/upstream_call.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/call/call_metadata.h"
#include "service/call/keyed_write.h"
#include "service/call/served_call.h"
#include "service/generation/generation.h"
#include "upstream/begun_call.h"
#include "upstream/credentials.h"
#include "upstream/mutex.h"

namespace gateway {
namespace {

using mapping::Failure;
using mapping::NotSent;

// For how long a write may be sent again. A later repeat of a converging write could undo what
// others have written since.
constexpr absl::Duration kConvergesFor = absl::Minutes(10);
constexpr absl::Duration kHarmlessFor = absl::Hours(24);

class UpstreamCall final : public ServedCall, public KeyedWrite::Owner {
 public:
  UpstreamCall(const Surroundings& surroundings, Method& method, const mapping::Route& route,
               size_t upstream, grpc::CallbackServerContext& context, grpc::ByteBuffer& reply)
      : ServedCall(surroundings, method, context, reply),
        ledger_(route.access == mapping::Access::kRead ? nullptr : surroundings.ledger),
        reconciler_(surroundings.reconciler),
        renewal_(surroundings.renewal),
        route_(route),
        upstream_(frame().generation()->upstreams[upstream]) {}

 private:
  void Serve(absl::string_view message) override {
    terms_ = TermsOf(context(), frame().generation()->config.default_deadline);
    terms_.credentials = upstream_.credentials;
    terms_.renewal = &renewal_;
    terms_.caller = frame().caller().Key();
    terms_.observer = &frame().trace();
    terms_.kept_by_ledger =
        ledger_ != nullptr && (terms_.idempotency_key.has_value() || !route_.once.guards.empty());
    auto prepared = upstream_.client->Prepare(route_, message, terms_);
    if (auto* failure = std::get_if<Failure>(&prepared)) return Conclude({std::move(*failure)});
    prepared_ = std::get<PreparedCall>(std::move(prepared));
    if (auto refusal = CheckPrepared()) {
      return Conclude({*std::move(refusal), 0, prepared_->store()});
    }
    if (frame().validate_only()) return Show(message);
    if (!terms_.kept_by_ledger) return Send("");
    BeginKept();
  }

  void Show(absl::string_view message) {
    frame().NoteWouldSend(upstream_.client->Shown(route_, message, terms_),
                          prepared_->request.http.body.size());
    Conclude({mapping::Reply(), 0, prepared_->store()});
  }

  // Returns a refusal if the call must not go on, now that its request is known.
  std::optional<Failure> CheckPrepared() {
    if (auto refusal = frame().CheckStore(prepared_->store())) return refusal;
    const bool lacks_key = ledger_ != nullptr && !terms_.idempotency_key.has_value() &&
                           ledger_->RequiresKey(absl::StripPrefix(route_.rpc_path, "/"));
    if (!lacks_key) return std::nullopt;
    Failure failure = NotSent(absl::StatusCode::kInvalidArgument, "IDEMPOTENCY_KEY_REQUIRED",
                              "this call needs the metadata idempotency-key");
    failure.violations.push_back({"idempotency-key", "is required"});
    return failure;
  }

  void BeginKept() {
    const http::Request& request = prepared_->request.http;
    absl::string_view target = request.url;
    absl::ConsumePrefix(&target, upstream_.client->upstream().options.base_url);
    const size_t query = target.find('?');
    auto fingerprint = ledger_->fingerprinter.Of(
        {.verb = http::Name(request.method),
         .path = target.substr(0, query),
         .query = query == absl::string_view::npos ? "" : target.substr(query + 1),
         .body = absl::StrCat(prepared_->identity.bytes, terms_.caller_key.value_or(""))});
    keyed_.emplace(*ledger_, *reconciler_, *frame().generation(), *this, TermsOfKept(),
                   std::move(fingerprint));
    {
      const MutexLock lock(mutex_);
      waits_ = true;
      if (stopped_) keyed_->Stop();
    }
    keyed_->Begin();
  }

  KeyedWrite::Terms TermsOfKept() {
    const std::string& store = prepared_->store();
    KeyedWrite::Terms terms{{frame().LedgerIdentity(store), route_.provider->name(), store,
                             route_.full_name, std::string(terms_.idempotency_key.value_or(""))},
                            std::move(prepared_->identity.guard),
                            terms_.deadline,
                            !route_.credential};
    // The gateway does not store a caller's own upstream key, so it could not look up the outcome
    // later.
    if (!terms_.caller_key) terms.lookup = route_.once.lookup.get();
    if (terms.lookup != nullptr) terms.request = std::move(prepared_->identity.bytes);
    terms.tenant_field = route_.provider->tenant_field();
    terms.sends_key = route_.idempotency_key && terms_.idempotency_key.has_value();
    terms.harmless_for = HarmlessFor(store);
    terms.not_found_is_done = route_.method == http::Method::kDelete;
    may_send_again_ = terms.harmless_for > absl::ZeroDuration();
    return terms;
  }

  // For how long after its first claim the write may be sent again.
  absl::Duration HarmlessFor(const std::string& store) const {
    switch (route_.once.way) {
      case mapping::Way::kSameKey:
        return terms_.idempotency_key ? route_.once.key_life : absl::ZeroDuration();
      case mapping::Way::kConverges:
        return kConvergesFor;
      case mapping::Way::kHarmless:
        return upstream_.RepeatsHarmless(store) ? kHarmlessFor : absl::ZeroDuration();
      case mapping::Way::kNone:
      case mapping::Way::kLookup:
        return absl::ZeroDuration();
    }
    return absl::ZeroDuration();
  }

  void Send(const std::string& key) override {
    // The answer may come, and end this call, before Client::Send returns.
    const std::shared_ptr<const Generation> generation = frame().generation();
    const std::shared_ptr<BegunCall> sending = sending_;
    if (sending->stopped()) {
      return OnAnswer(
          {NotSent(absl::StatusCode::kCancelled, "CANCELLED", "cancelled by the caller"), 0,
           prepared_->store()});
    }
    PreparedCall prepared = may_send_again_ ? *prepared_ : *std::move(prepared_);
    if (!key.empty()) prepared.AddIdempotencyKey(key);
    sending->Began(upstream_.client->Send(std::move(prepared), terms_,
                                          [this](Answer answer) { OnAnswer(std::move(answer)); }));
  }

  void OnAnswer(Answer answer) {
    if (keyed_) return keyed_->Finish(std::move(answer));
    Conclude(std::move(answer));
  }

  void Conclude(Answer answer) override { ServedCall::Conclude(std::move(answer)); }

  void NoteEntry(const std::string& entry, bool replayed) override {
    frame().NoteEntry(entry, replayed);
  }

  void NoteStep(absl::string_view step, absl::string_view said, SteadyTime begun) override {
    frame().trace().OnLedger(step, said, begun);
  }

  void Stop() override {
    sending_->Stop();
    const MutexLock lock(mutex_);
    if (waits_) keyed_->Stop();
    stopped_ = true;
  }

  absl::string_view upstream_host() const override { return upstream_.client->host(); }

  LedgerInUse* const ledger_;     // null: the ledger does not record the call
  Reconciler* const reconciler_;  // null: there is no ledger
  KeyRenewal& renewal_;
  const mapping::Route& route_;
  const UpstreamAccess& upstream_;  // of the call's generation
  CallTerms terms_;
  std::optional<PreparedCall> prepared_;  // until it is sent
  std::optional<KeyedWrite> keyed_;       // only if the ledger records the call
  bool may_send_again_ = false;           // true: Send leaves prepared_ as it is
  const std::shared_ptr<BegunCall> sending_ = std::make_shared<BegunCall>();
  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool waits_ ABSL_GUARDED_BY(mutex_) = false;  // keyed_ is set
};

}  // namespace

Endpoint UpstreamEndpoint(const Surroundings& surroundings, Method& method,
                          const mapping::Route& route, size_t upstream) {
  return {&method, route.provider->name(),
          [&surroundings, &method, &route, upstream](grpc::CallbackServerContext& context,
                                                     grpc::ByteBuffer& reply) {
            return new UpstreamCall(surroundings, method, route, upstream, context, reply);
          }};
}

}  // namespace gateway
