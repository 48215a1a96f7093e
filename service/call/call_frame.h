// The steps at the beginning and at the end of every call:
//
//   step                                                     what the step does
//   CallFrame frame(surroundings, method, context);          starts the trace; keeps the generation
//                                                            in force for this call
//   if (const auto refusal = frame.Admit()) ...              checks the metadata and the caller
//   if (const auto refusal = frame.CheckStore(store)) ...    checks the store, once it is known
//   return frame.End(answer, host);                          writes statistics, audit, log, spans
//                                                            and trailers
//
// Thread-safety: one thread at a time. Lifetime: a CallFrame is a member of its call; the
// surroundings, the method and gRPC's context must outlive it.
#ifndef SERVICE_CALL_CALL_FRAME_H_
#define SERVICE_CALL_CALL_FRAME_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/authorization/authorizer.h"
#include "service/call/arrivals.h"
#include "service/call/call_metadata.h"
#include "service/call/in_flight.h"
#include "service/call/method.h"
#include "service/generation/generation.h"
#include "service/generation/ledger_in_use.h"
#include "service/generation/slot.h"
#include "service/reconcile/reconciler.h"
#include "service/telemetry/audit_log.h"
#include "service/telemetry/call_trace.h"
#include "service/telemetry/drift_log.h"
#include "service/telemetry/telemetry.h"
#include "upstream/credentials.h"
#include "upstream/mapping/failure.h"
#include "upstream/pending_call.h"

namespace gateway {

// What the calls of all methods share.
struct Surroundings {
  const Slot<Generation>& in_force;  // never empty
  KeyRenewal& renewal;
  authorization::Authorizer& authorizer;
  InFlight& in_flight;
  Arrivals& arrivals;
  DriftLog& drift;
  const Telemetry& telemetry;
  AuditLog* audit;         // null: there is no audit log
  LedgerInUse* ledger;     // null: there is no ledger
  Reconciler* reconciler;  // null: there is no ledger
  CallLimits limits;
};

class CallFrame {
 public:
  CallFrame(const Surroundings& surroundings, Method& method, grpc::CallbackServerContext& context);

  // Returns a refusal if the metadata is too large, if the caller may not call this method, or if
  // the metadata gateway-validate-only is invalid; otherwise nullopt. For a method that is never
  // about a store, CheckStore("") is included.
  std::optional<mapping::Failure> Admit();

  // Returns a refusal if the caller may not call this method for the store; otherwise nullopt.
  // `store` is "" for a call without a store. Must be called after Admit.
  std::optional<mapping::Failure> CheckStore(absl::string_view store);

  // Returns a refusal if the caller may not use a subscription to events of these providers and
  // stores; an empty list means that the subscription is not limited. Must be called after Admit.
  std::optional<mapping::Failure> CheckSubscription(const authorization::Grant::Names& providers,
                                                    const authorization::Grant::Names& stores) {
    return surroundings_.authorizer.CheckSubscription(admission_, providers, stores);
  }

  // Whether the caller only wants to know what would be sent. Valid after Admit.
  bool validate_only() const { return validate_only_; }

  // Adds the trailers that say what would be sent: verb and URL without secrets, and the size of
  // the body. The caller then ends the call with an empty reply; the call counts as not sent.
  void NoteWouldSend(const std::string& verb_and_url, size_t body_bytes);

  // Whether CheckStore would let the store pass; nothing is logged.
  bool Covers(absl::string_view store) const { return admission_.Covers(store); }

  // The generation that was in force when the call began: the call uses no other until it ends.
  const std::shared_ptr<const Generation>& generation() const { return generation_; }

  const authorization::Identity& caller() const { return admission_.caller; }
  CallTrace& trace() { return trace_; }

  // Returns the name under which the ledger keeps the caller's keys for this store: IdentityOf() of
  // the policy's rule that allows the store. "" if there is no such rule.
  std::string LedgerIdentity(absl::string_view store) const;

  // Records the ledger's entry for this call, and whether the reply comes from that entry.
  void NoteEntry(const std::string& entry, bool replayed) {
    entry_ = entry;
    replayed_ = replayed;
  }

  // Counts the deviations of an upstream's reply from the protos, and adds trailers about them. The
  // trailers are sent when the call ends.
  void NoteReply(const mapping::Reply& reply);

  // Notes that the call's message has arrived. A call that ends before has no line in the audit
  // log, unless its caller was refused.
  void MessageArrived() { arrived_ = true; }

  // Must be called once, at the end. Returns the status to finish with; the caller then sends the
  // reply's message. `upstream_host` is the domain of errors that the upstream causes.
  grpc::Status End(const Answer& answer, absl::string_view upstream_host);

  // Ends a call of a method that is not served. `name` is the name that the caller used.
  grpc::Status EndUnknown(const mapping::Failure& failure, absl::string_view name);

 private:
  std::optional<mapping::Failure> ReadValidateOnly();
  grpc::Status Succeed(const mapping::Reply& reply, absl::string_view host);
  grpc::Status Fail(const mapping::Failure& failure, absl::string_view name,
                    absl::string_view host);
  void AddLedgerTrailers();
  void AddTraceId(const mapping::Reply& reply);
  void AddUnrecognized(const std::vector<mapping::Drift>& drifts);
  void Audit(const Answer& answer);
  void Count(absl::StatusCode code, CallStats::End end, absl::string_view host);

  const Surroundings& surroundings_;
  Method& method_;
  grpc::CallbackServerContext& context_;
  const std::shared_ptr<const Generation> generation_;
  CallTrace trace_;
  authorization::Admission admission_;
  bool arrived_ = false;
  bool validate_only_ = false;
  std::string entry_;  // the id of the ledger's entry; empty: none
  bool replayed_ = false;
  std::set<std::string> unrecognized_;  // the values of these trailers
  size_t unrecognized_size_ = 0;
};

}  // namespace gateway

#endif  // SERVICE_CALL_CALL_FRAME_H_
