// The results of many writes, compared with what their server executed. Each write has its own
// target, and the server answers with it.
//
// Thread-safety: all methods may be called from any thread.
//
//   WriteLedger ledger("/nginx");
//   std::string target = ledger.NewTarget();
//   ledger.Note(target, call.Get());
//   ledger.Settle(executions, "nginx");  // fails the test if a promise was broken
#ifndef TESTS_UPSTREAM_HTTP_TRANSPORT_WRITE_LEDGER_H_
#define TESTS_UPSTREAM_HTTP_TRANSPORT_WRITE_LEDGER_H_

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "tests/upstream/http/guarded.h"
#include "upstream/http/message.h"

namespace gateway::http {

class WriteLedger {
 public:
  // Number of executions by target.
  using Executions = std::map<std::string, int>;

  struct Counts {
    int answered = 0;
    int refused = 0;
    int not_sent = 0;
    int unknown = 0;           // sent, but without an answer
    int unknown_executed = 0;  // of these, executed
    int broken_promises = 0;
  };

  explicit WriteLedger(std::string prefix) : prefix_(std::move(prefix)) {}

  std::string NewTarget() { return absl::StrCat(prefix_, "/", ++targets_); }

  void Note(const std::string& target, const Result& result) {
    outcomes_.With([&](auto& outcomes) { outcomes.emplace(target, OutcomeOf(target, result)); });
  }

  // Prints the counts under `title`.
  Counts Settle(const Executions& executions, absl::string_view title) const {
    Counts counts;
    outcomes_.Read([&](const auto& outcomes) {
      for (const auto& [target, outcome] : outcomes) {
        const auto found = executions.find(target);
        Count(target, outcome, found == executions.end() ? 0 : found->second, counts);
      }
    });
    std::cout << title << ": " << counts.answered << " answered, " << counts.refused << " refused, "
              << counts.not_sent << " not sent, " << counts.unknown << " unknown ("
              << counts.unknown_executed << " of them executed), " << counts.broken_promises
              << " broken promises\n";
    return counts;
  }

 private:
  enum class Outcome { kAnswered, kRefused, kForeign, kNotSent, kUnknown };

  static Outcome OutcomeOf(const std::string& target, const Result& result) {
    if (const Error* const error = std::get_if<Error>(&result)) {
      return error->sent ? Outcome::kUnknown : Outcome::kNotSent;
    }
    const Response& response = std::get<Response>(result);
    // A proxy answers 5xx if its server does not answer; the write may have been executed.
    if (response.status >= 500 || response.body_state != Body::kWhole) return Outcome::kUnknown;
    if (response.status >= 400) return Outcome::kRefused;
    return response.body == target ? Outcome::kAnswered : Outcome::kForeign;
  }

  static void Count(const std::string& target, Outcome outcome, int executed, Counts& counts) {
    bool kept = executed <= 1;
    switch (outcome) {
      case Outcome::kAnswered:
        ++counts.answered;
        kept = executed == 1;
        break;
      case Outcome::kRefused:
        ++counts.refused;
        kept = executed == 0;
        break;
      case Outcome::kForeign:
        kept = false;
        break;
      case Outcome::kNotSent:
        ++counts.not_sent;
        kept = executed == 0;
        break;
      case Outcome::kUnknown:
        ++counts.unknown;
        counts.unknown_executed += executed;
        break;
    }
    if (kept) return;
    ++counts.broken_promises;
    ADD_FAILURE() << target << ": outcome " << static_cast<int>(outcome) << ", executed "
                  << executed << " times";
  }

  const std::string prefix_;
  std::atomic<int> targets_{0};
  Guarded<std::map<std::string, Outcome>> outcomes_;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_TRANSPORT_WRITE_LEDGER_H_
