// Turns one request into one reply: authorize -> route -> check the request -> find the records
// that the path names -> run the operation's rule in Lua -> render the reply.
//
// Beside the operations of the contract, the handler serves the pages that the behaviour lists: a
// customer's browser requests them. Pages need no key.
//
// Thread-safe: one lock around everything that touches state. Never fails: every request gets a
// reply.
#ifndef UPSTREAM_SANDBOX_HANDLER_H_
#define UPSTREAM_SANDBOX_HANDLER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/mutex.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/http/message.h"
#include "upstream/sandbox/refusal.h"
#include "upstream/sandbox/router.h"
#include "upstream/sandbox/world/world.h"

namespace gateway::sandbox {

class Handler {
 public:
  struct Options {
    // The keys that are accepted. Empty: the key that the behaviour names.
    std::vector<std::string> api_keys;
    // The greatest number of records in a collection, not counting the seed.
    size_t max_records = 20000;
  };

  // Runs the behaviour's files and stores the records of the seed. An error names the file, or the
  // seed, that failed. `events`: see EventsOf() in bundle.h; may be null. Both contracts must
  // outlive the handler.
  static absl::StatusOr<std::unique_ptr<Handler>> Create(const Contract& contract,
                                                         const std::vector<Script::File>& behaviour,
                                                         absl::string_view seed, Options options,
                                                         const Contract* events = nullptr);

  Reply Answer(const Received& received);

  // The table that the behaviour's last file returns. Constant.
  const Json& settings() const { return settings_; }

  // The operation that the request names; nullptr if it names none.
  const Operation* OperationOf(const Received& received) const;

  // Calls a function of the behaviour that belongs to no operation, such as {"pay", "act"}. If it
  // fails, nothing has changed.
  std::variant<Json, Refusal> Do(const Script::Path& path, const Json& argument);

  // Runs the jobs that scripts have postponed (`after` in prelude.lua), each when it is due, until
  // StopJobs.
  void ServeJobs();
  void StopJobs();
  // Where browsers find this sandbox.
  void SetPublicUrl(std::string url);
  // `hook` gets the events of each successful call, after the call. Set it before the first call.
  void OnEvents(std::function<void(const std::vector<Json>&)> hook) {
    on_events_ = std::move(hook);
  }
  // Sets the clock forward. Jobs that become due run at once.
  void Forward(absl::Duration time);
  absl::Time Now();
  // All records, in the form of a seed.
  Json Export();
  // Restores the store and the clock as they were at the start, and drops the postponed jobs.
  void Reset();

  // Returns the reply to a refused request, in the provider's error format.
  Reply Refuse(const Refusal& refusal);

 private:
  Handler(const Contract& contract, std::unique_ptr<const Contract> pages,
          std::unique_ptr<World> world, Json seed, Options options);

  absl::Status CheckRules() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Plant() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  bool Authorized(const Received& received) const;
  // Checks the request against the operation, and returns its parts: {"path", "query", "body"}.
  std::variant<Json, Refusal> Check(const Operation& operation, const Router::Match& match,
                                    const Target& target, const Received& received) const;
  Reply Serve(const Router::Match& match, const Target& target, const Received& received);
  // A call that repeats an idempotency key gets the reply of the first call.
  Reply ServeOnce(const Router::Match& match, const Target& target, const Received& received);
  Reply Execute(const Operation& operation, Json request);
  // The result of a call.
  struct Executed {
    Reply reply;                // without its body
    std::optional<Json> shown;  // the body
    std::vector<Json> events;
  };
  // Executes the operation: makes all of its changes or, after a refusal or with `dry_run`, none.
  std::variant<Executed, Refusal> Whole(const Operation& operation, Json request);
  // Begin and End enclose one transaction. End keeps its changes and returns the events to deliver;
  // if `done` is false, End undoes the changes and returns no events.
  void Begin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::vector<Json> End(bool done) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::variant<Json, Refusal> RunRule(const Operation& operation, Json request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Json ErrorBody(const Refusal& refusal, const std::string& trace_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void AddTraceId(const std::string& trace_id, Reply& reply) const;
  // Adds the records that the path names to the call. Returns a refusal if one does not exist.
  std::optional<Refusal> NameRecords(const Operation& operation, Json& call)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const Contract& contract_;
  const std::unique_ptr<const Contract> pages_;
  const std::unique_ptr<World> world_ ABSL_PT_GUARDED_BY(mu_);
  const Json& settings_;  // the behaviour's settings
  const Json seed_;
  const Options options_;
  const Router router_;
  const Router page_router_;

  Mutex mu_;
  std::map<std::string, Reply> replayed_ ABSL_GUARDED_BY(mu_);  // by operation and idempotency key
  std::multimap<absl::Time, World::Job> jobs_ ABSL_GUARDED_BY(mu_);  // by when they are due
  CondVar jobs_changed_;
  bool jobs_stopped_ ABSL_GUARDED_BY(mu_) = false;
  absl::Duration ahead_ ABSL_GUARDED_BY(mu_);

  std::function<void(const std::vector<Json>&)> on_events_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_HANDLER_H_
