// A gateway with a ledger, as a process that may be killed and started again, and a caller that
// repeats a refund with its key until it hears an end.
//
// Thread-safety: Start and Kill belong to one thread, the rest may be used from any.
#ifndef TESTS_END_TO_END_SUPPORT_KEYED_GATEWAY_H_
#define TESTS_END_TO_END_SUPPORT_KEYED_GATEWAY_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "tests/service/child_process.h"
#include "tests/service/temp_dir.h"

namespace gateway {

class KeyedGateway {
 public:
  // `dsn`: of PostgreSQL; "": a file of SQLite.
  KeyedGateway(const std::string& upstream, const std::string& dsn);

  void Start();
  void Kill();

  // Repeats the refund of this order, with the order's own key, for so long at most. The id of the
  // refund that it heard of; nothing: it did not hear an end.
  std::optional<std::string> Refund(int order, absl::Duration patience) const;

  // Repetitions that were answered with the kept reply.
  int replays() const { return replays_; }
  // Answers that said `unknown`.
  int unknowns() const { return unknowns_; }

 private:
  const TempDir directory_;
  std::string config_;
  std::unique_ptr<ChildProcess> child_;
  std::atomic<int> port_{0};
  mutable std::atomic<int> replays_{0};
  mutable std::atomic<int> unknowns_{0};
};

}  // namespace gateway

#endif  // TESTS_END_TO_END_SUPPORT_KEYED_GATEWAY_H_
