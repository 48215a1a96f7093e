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

#include <condition_variable>
#include <functional>
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
#include "upstream/sandbox/world/world.h"

namespace gateway::sandbox {

class Handler {
 public:
  struct Options {
    // Empty: the one that the behaviour names.
    std::vector<std::string> api_keys;
    // Per collection, beside the seed.
    size_t max_records = 20000;
  };

  // Runs the behaviour's files and plants the seed. Fails when one of these does not work out,
  // naming it. Contracts must outlive the handler.
  static absl::StatusOr<std::unique_ptr<Handler>> Create(const Contract& contract,
                                                         const std::vector<Script::File>& behaviour,
                                                         absl::string_view seed, Options options,
                                                         const Contract* events = nullptr);

  Reply Answer(const Received& received);

  // The table of the behaviour's file. Constant.
  const Json& settings() const { return settings_; }

  // The operation that the request names; nullptr where it names none.
  const Operation* OperationOf(const Received& received) const;

  // Calls a function of the behaviour that no operation names, such as {"pay", "act"}: whole or not
  // at all.
  std::variant<Json, Refusal> Do(const Script::Path& path, const Json& argument);

  // Runs the jobs that scripts have put off (`after` of prelude.lua), each when it is due, until
  // StopJobs.
  void ServeJobs();
  void StopJobs();
  // Where browsers find this sandbox.
  void SetPublicUrl(std::string url);
  // Sees the events of each call that went through, after it. Set before the first call.
  void OnEvents(std::function<void(const std::vector<Json>&)> hook) {
    on_events_ = std::move(hook);
  }
  // Sets the clock forward. Jobs that become due run at once.
  void Forward(absl::Duration time);
  absl::Time Now();
  // All records, in the form of a seed.
  Json Export();
  // The store as it was at the start, with the clock and without what was put off.
  void Reset();

  // The reply to a request that cannot be handled at all, in the upstream's form.
  Reply Refuse(const Refusal& refusal);

 private:
  Handler(const Contract& contract, std::unique_ptr<const Contract> pages,
          std::unique_ptr<World> world, Json seed, Options options);

  absl::Status CheckRules() const;
  absl::Status Plant();

  bool Authorized(const Received& received) const;
  // The request's parts: {"path", "query", "body"}.
  std::variant<Json, Refusal> Check(const Operation& operation, const Router::Match& match,
                                    const Target& target, const Received& received) const;
  Reply Serve(const Router::Match& match, const Target& target, const Received& received);
  // A call that repeats another's idempotency key gets that one's reply.
  Reply ServeOnce(const Router::Match& match, const Target& target, const Received& received);
  Reply Execute(const Operation& operation, Json request);
  // Begins and ends what is done as a whole; under mu_. End returns the events to be told.
  void Begin();
  std::vector<Json> End(bool done);
  std::variant<Json, Refusal> RunRule(const Operation& operation, Json request);
  Json ErrorBody(const Refusal& refusal, const std::string& trace_id);
  void AddTraceId(const std::string& trace_id, Reply& reply) const;
  // The records that the path names, into the call; the refusal where one is not there.
  std::optional<Refusal> NameRecords(const Operation& operation, Json& call);

  // Constant after construction.
  const Contract& contract_;
  const std::unique_ptr<const Contract> pages_;
  const std::unique_ptr<World> world_;
  const Json& settings_;  // the behaviour's
  const Json seed_;
  const Options options_;
  const Router router_;
  const Router page_router_;

  std::mutex mu_;
  // Guarded by mu_, and *world_ too.
  std::map<std::string, Reply> replayed_;       // by operation and idempotency key
  std::multimap<absl::Time, World::Job> jobs_;  // by when they are due
  std::condition_variable jobs_changed_;
  bool jobs_stopped_ = false;
  absl::Duration ahead_;

  std::function<void(const std::vector<Json>&)> on_events_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_HANDLER_H_
