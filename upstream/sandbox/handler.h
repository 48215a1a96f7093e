// One request in, one reply out: authorize -> route -> check the request -> name the records of the
// path -> run the rule -> show the reply.
//
// Beside the operations of the contract there are pages, which the behaviour names: what a customer
// does in a browser. They need no key.
//
// Thread-safe: one lock around everything that touches state. Never fails: whatever comes in is
// answered.
#ifndef UPSTREAM_SANDBOX_HANDLER_H_
#define UPSTREAM_SANDBOX_HANDLER_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/http/message.h"
#include "upstream/sandbox/refusal.h"
#include "upstream/sandbox/router.h"
#include "upstream/sandbox/rules.h"
#include "upstream/sandbox/world.h"

namespace gateway::sandbox {

class Handler {
 public:
  struct Options {
    // Empty: the one that the behaviour names.
    std::vector<std::string> api_keys;
    // Per collection, beside the seed.
    size_t max_records = 20000;
  };

  // Reads the behaviour, derives a rule for every operation of the contract and plants the seed.
  // Fails when one of these does not work out, naming it. The contract must outlive the handler.
  static absl::StatusOr<std::unique_ptr<Handler>> Create(const Contract& contract,
                                                         absl::string_view behaviour,
                                                         absl::string_view seed, Options options);

  Reply Answer(const Received& received);

  // The operation that the request names; nullptr where it names none.
  const Operation* OperationOf(const Received& received) const;

  // The reply to a request that cannot be handled at all, in the upstream's form.
  Reply Refuse(const Refusal& refusal);

 private:
  Handler(const Contract& contract, std::unique_ptr<const Contract> pages, Json behaviour,
          Options options);

  absl::Status DeriveRules();
  absl::Status Plant(const Json& seed);

  bool Authorized(const Received& received) const;
  std::variant<Names, Refusal> Check(const Operation& operation, const Router::Match& match,
                                     const Target& target, const Received& received) const;
  Reply Serve(const Router::Match& match, const Target& target, const Received& received);
  // A call that repeats another's idempotency key gets that one's reply.
  Reply ServeOnce(const Router::Match& match, const Target& target, const Received& received);
  Reply Execute(const Operation& operation, Names names);
  Json ErrorBody(const Refusal& refusal, const std::string& trace_id);
  void AddTraceId(const std::string& trace_id, Reply& reply) const;
  std::optional<Refusal> BindPath(const Operation& operation, Scope& scope);

  // Constant after construction.
  const Contract& contract_;
  const std::unique_ptr<const Contract> pages_;
  const Json behaviour_;
  const Options options_;
  const Router router_;
  const Router page_router_;
  std::map<std::string, Json> rules_;

  std::mutex mu_;
  // Guarded by mu_.
  World world_;
  std::map<std::string, Reply> replayed_;  // by operation and idempotency key
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_HANDLER_H_
