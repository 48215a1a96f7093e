// What begins and ends every call, whatever is done in between:
//
//   CallFrame frame(surroundings, method, context);          starts the trace; the call keeps the
//                                                            Generation in force until it ends
//   if (const auto refusal = frame.Admit()) ...              metadata, and who calls
//   if (const auto refusal = frame.CheckStore(store)) ...    the store, once it is known
//   return frame.End(answer, host);                          statistics, audit, log, spans and
//                                                            trailers
//
// Thread-safety: one thread at a time. Lifetime: it is a member of its call; the surroundings, the
// method and gRPC's context outlive it.
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
  AuditLog* audit;         // null: none is kept
  LedgerInUse* ledger;     // null: nobody remembers writes
  Reconciler* reconciler;  // null where there is no ledger
  CallLimits limits;
};

class CallFrame {
 public:
  CallFrame(const Surroundings& surroundings, Method& method, grpc::CallbackServerContext& context);

  // The refusal of a call with too much metadata, or of a caller who may not call this method. The
  // calls of a method that is never about a store are decided here.
  std::optional<mapping::Failure> Admit();

  // The refusal of a caller who may not call this method for the store; "" for a call about none.
  // Only after Admit.
  std::optional<mapping::Failure> CheckStore(absl::string_view store);

  // The refusal of a caller who may not use a subscription to events of these providers and stores;
  // empty: it is not limited. Only after Admit.
  std::optional<mapping::Failure> CheckSubscription(const authorization::Grant::Names& providers,
                                                    const authorization::Grant::Names& stores) {
    return surroundings_.authorizer.CheckSubscription(admission_, providers, stores);
  }

  // Whether the caller only wants to know what would be sent. Valid after Admit.
  bool validate_only() const { return validate_only_; }

  // What would be sent, for the trailers: verb and URL without secrets, and the size of the body.
  // The call then ends well, with an empty reply, and counts as not sent.
  void NoteWouldSend(const std::string& verb_and_url, size_t body_bytes);

  // Whether CheckStore would let the store pass; nothing is logged.
  bool Covers(absl::string_view store) const { return admission_.Covers(store); }

  // The generation that was in force when the call began: the call uses no other until it ends.
  const std::shared_ptr<const Generation>& generation() const { return generation_; }

  const authorization::Identity& caller() const { return admission_.caller; }
  CallTrace& trace() { return trace_; }

  // The name under which the ledger keeps the caller's keys for this store: the name that the
  // policy's rule matched.
  std::string LedgerIdentity(absl::string_view store) const;

  // Records the ledger's entry for this call, and whether the reply comes from that entry.
  void NoteEntry(const std::string& entry, bool replayed) {
    entry_ = entry;
    replayed_ = replayed;
  }

  // Counts where a reply of the upstream deviates from the protos. The trailers about it are sent
  // when the call ends.
  void NoteReply(const mapping::Reply& reply);

  // The call's message has arrived. Only now does the audit log count the call.
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
  std::string entry_;  // of the ledger
  bool replayed_ = false;
  std::set<std::string> unrecognized_;  // what the trailers say
  size_t unrecognized_size_ = 0;
};

}  // namespace gateway

#endif  // SERVICE_CALL_CALL_FRAME_H_
