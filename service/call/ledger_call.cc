#include "service/call/ledger_call.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gateway/ledger/v1/ledger.pb.h"
#include "service/call/call_metadata.h"
#include "service/call/entry_wait.h"
#include "service/call/served_call.h"

namespace gateway {
namespace {

using gateway::ledger::EntryId;
using gateway::ledger::ListPage;
using gateway::ledger::State;
using mapping::Failure;
using mapping::NotSent;

constexpr char kLedgerService[] = "gateway.ledger.v1.LedgerService";

// How long a wait lasts if the call has no deadline.
constexpr absl::Duration kDefaultWait = absl::Seconds(30);

google::protobuf::Timestamp TimestampOf(absl::Time time) {
  return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(time));
}

// ledger::State has the same numbers as the proto's State.
ledger::v1::Entry Show(const ledger::Entry& entry) {
  ledger::v1::Entry shown;
  shown.set_id(entry.id.text());
  shown.set_state(static_cast<ledger::v1::State>(entry.state));
  shown.set_identity(entry.scope.identity);
  shown.set_upstream(entry.scope.upstream);
  shown.set_store(entry.scope.store);
  shown.set_rpc(entry.scope.rpc);
  shown.set_guard(entry.guard);
  shown.set_attempt(entry.attempt);
  *shown.mutable_create_time() = TimestampOf(entry.created);
  *shown.mutable_update_time() = TimestampOf(entry.changed);
  shown.set_note(entry.note);
  shown.set_resolver(entry.resolver);
  shown.set_has_reply(entry.reply.has_value());
  return shown;
}

Failure NotFound() {
  return NotSent(absl::StatusCode::kNotFound, "LEDGER_ENTRY_NOT_FOUND",
                 "there is no such entry for this caller");
}

Failure Bad(const char* field, const char* description) {
  Failure failure = NotSent(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                            absl::StrCat(field, ": ", description));
  failure.violations.push_back({field, description});
  return failure;
}

Failure FailureOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return NotFound();
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
      return NotSent(absl::StatusCode::kFailedPrecondition, "LEDGER_ENTRY_NOT_UNKNOWN",
                     status.message());
    case absl::StatusCode::kInvalidArgument:
      return NotSent(status.code(), "INVALID_REQUEST", status.message());
    case absl::StatusCode::kDataLoss:
      return NotSent(status.code(), "LEDGER_ENTRY_UNREADABLE", status.message());
    default:
      return NotSent(absl::StatusCode::kUnavailable, "LEDGER_UNAVAILABLE", status.message());
  }
}

class LedgerCall : public ServedCall {
 public:
  LedgerCall(const Surroundings& surroundings, gateway::Method& method, LedgerInUse& ledger,
             grpc::CallbackServerContext& context, grpc::ByteBuffer& reply)
      : ServedCall(surroundings, method, context, reply), ledger_(*ledger.ledger) {}

 protected:
  ledger::Ledger& entries() { return ledger_; }

  void Reply(const google::protobuf::Message& message, const std::string& store = "") {
    Conclude({mapping::Reply{message.SerializeAsString(), {}, ""}, 0, store});
  }

  void Fail(Failure failure) { Conclude({std::move(failure)}); }

  // Whether the caller may learn that the entry exists.
  bool MaySee(const ledger::Entry& entry) { return frame().Covers(entry.scope.store); }

  void ReplyWith(const absl::StatusOr<ledger::Entry>& entry) {
    if (!entry.ok()) return Fail(FailureOf(entry.status()));
    if (!MaySee(*entry)) return Fail(NotFound());
    Reply(Show(*entry), entry->scope.store);
  }

  // Parses the request and its entry id. On failure, concludes the call and returns nullopt.
  template <typename Request>
  std::optional<EntryId> IdIn(absl::string_view bytes, Request& request) {
    if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      Fail(Bad("", "the message cannot be read"));
      return std::nullopt;
    }
    absl::StatusOr<EntryId> id = EntryId::Parse(request.id());
    if (id.ok()) return *std::move(id);
    Fail(Bad("id", "is not the id of an entry"));
    return std::nullopt;
  }

 private:
  ledger::Ledger& ledger_;
};

class GetEntry final : public LedgerCall {
 public:
  using LedgerCall::LedgerCall;

 private:
  void Serve(absl::string_view message) override {
    ledger::v1::GetEntryRequest request;
    const std::optional<EntryId> id = IdIn(message, request);
    if (!id) return;
    entries().Find(*id, [this](const absl::StatusOr<ledger::Entry>& entry) { ReplyWith(entry); });
  }
};

class WaitEntry final : public LedgerCall {
 public:
  WaitEntry(const Surroundings& surroundings, gateway::Method& method, LedgerInUse& ledger,
            grpc::CallbackServerContext& context, grpc::ByteBuffer& reply)
      : LedgerCall(surroundings, method, ledger, context, reply),
        wait_(std::make_shared<EntryWait>(*ledger.ledger)) {}

 private:
  // A caller who may not see the entry is answered at once: a wait would reveal that it exists.
  void Serve(absl::string_view message) override {
    ledger::v1::GetEntryRequest request;
    const std::optional<EntryId> id = IdIn(message, request);
    if (!id) return;
    const SteadyTime deadline = TermsOf(context(), kDefaultWait).deadline;
    entries().Find(*id, [this, deadline](const absl::StatusOr<ledger::Entry>& entry) {
      const bool waits = entry.ok() && entry->state == State::kIntent && MaySee(*entry);
      if (!waits) return ReplyWith(entry);
      wait_->Begin(entry->id, deadline,
                   [this, present = *entry](const absl::StatusOr<ledger::Entry>& ended) {
                     if (absl::IsCancelled(ended.status())) return ReplyWith(present);
                     ReplyWith(ended);
                   });
    });
  }

  void Stop() override { wait_->CutShort(); }

  const std::shared_ptr<EntryWait> wait_;
};

class ListEntries final : public LedgerCall {
 public:
  using LedgerCall::LedgerCall;

 private:
  void Serve(absl::string_view message) override {
    ledger::v1::ListEntriesRequest request;
    if (!request.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
      return Fail(Bad("", "the message cannot be read"));
    }
    if (!ledger::v1::State_IsValid(request.state())) return Fail(Bad("state", "is not a state"));
    if (request.page_size() < 0 || request.page_size() > 1000) {
      return Fail(Bad("page_size", "must be from 0 to 1000"));
    }
    ledger::ListRequest list;
    if (request.state() != ledger::v1::STATE_UNSPECIFIED)
      list.state = static_cast<State>(request.state());
    list.upstream = request.upstream();
    if (!request.store().empty()) list.store = request.store();
    list.min_age =
        absl::Seconds(request.min_age().seconds()) + absl::Nanoseconds(request.min_age().nanos());
    if (request.page_size() > 0) list.page_size = static_cast<size_t>(request.page_size());
    list.page_token = request.page_token();
    entries().List(std::move(list),
                   [this](const absl::StatusOr<ListPage>& page) { ReplyWithPage(page); });
  }

  void ReplyWithPage(const absl::StatusOr<ListPage>& page) {
    if (!page.ok()) return Fail(FailureOf(page.status()));
    ledger::v1::ListEntriesResponse response;
    for (const ledger::Entry& entry : page->entries) {
      if (MaySee(entry)) *response.add_entries() = Show(entry);
    }
    response.set_next_page_token(page->next_page_token);
    response.set_unreadable(static_cast<int64_t>(page->unreadable));
    Reply(response);
  }
};

class ResolveEntry final : public LedgerCall {
 public:
  using LedgerCall::LedgerCall;

 private:
  void Serve(absl::string_view message) override {
    ledger::v1::ResolveEntryRequest request;
    const std::optional<EntryId> id = IdIn(message, request);
    if (!id) return;
    if (request.outcome() != ledger::v1::OUTCOME_DONE &&
        request.outcome() != ledger::v1::OUTCOME_NOT_DONE) {
      return Fail(Bad("outcome", "must be OUTCOME_DONE or OUTCOME_NOT_DONE"));
    }
    if (request.reason().empty()) return Fail(Bad("reason", "is required"));
    const bool needs_attempt = request.outcome() == ledger::v1::OUTCOME_NOT_DONE;
    if (request.attempt() < (needs_attempt ? 1 : 0)) {
      return Fail(Bad(
          "attempt", needs_attempt ? "is required with OUTCOME_NOT_DONE" : "must not be negative"));
    }
    ledger::Resolution resolution;
    resolution.id = *id;
    resolution.attempt = request.attempt();
    resolution.done = request.outcome() == ledger::v1::OUTCOME_DONE;
    resolution.reason = request.reason();
    resolution.resolver = frame().caller().Name();
    entries().Find(*id, [this, resolution = std::move(resolution)](
                            const absl::StatusOr<ledger::Entry>& entry) mutable {
      if (!entry.ok() || !MaySee(*entry)) return ReplyWith(entry);
      frame().NoteEntry(entry->id.text(), false);
      entries().Resolve(std::move(resolution),
                        [this](const absl::StatusOr<ledger::Entry>& now) { ReplyWith(now); });
    });
  }
};

template <typename Call>
Endpoint EndpointFor(const Surroundings& surroundings, gateway::Method& method,
                     LedgerInUse& ledger) {
  return {&method, "", [&](grpc::CallbackServerContext& context, grpc::ByteBuffer& reply) {
            return new Call(surroundings, method, ledger, context, reply);
          }};
}

}  // namespace

std::vector<LedgerOperation> LedgerOperations() {
  std::vector<LedgerOperation> operations;
  for (const char* name : {"GetEntry", "ListEntries", "WaitEntry", "ResolveEntry"}) {
    const auto access = absl::string_view(name) == "ResolveEntry" ? mapping::Access::kWrite
                                                                  : mapping::Access::kRead;
    operations.push_back(
        {{absl::StrCat(kLedgerService, ".", name), kLedgerService, name, access, "", ""},
         absl::StrCat("/", kLedgerService, "/", name),
         access == mapping::Access::kWrite});
  }
  return operations;
}

Endpoint LedgerEndpoint(const Surroundings& surroundings, gateway::Method& method,
                        LedgerInUse& ledger) {
  const std::string& name = method.operation.method;
  if (name == "GetEntry") return EndpointFor<GetEntry>(surroundings, method, ledger);
  if (name == "ListEntries") return EndpointFor<ListEntries>(surroundings, method, ledger);
  if (name == "WaitEntry") return EndpointFor<WaitEntry>(surroundings, method, ledger);
  return EndpointFor<ResolveEntry>(surroundings, method, ledger);
}

}  // namespace gateway
