// A gateway with a ledger, in a child process that can be killed and restarted, and a caller that
// repeats a refund with its key until it gets a final answer.
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
  // `dsn`: connection string of PostgreSQL; "" uses an SQLite file.
  KeyedGateway(const std::string& upstream, const std::string& dsn);

  void Start();
  void Kill();

  // Repeats the refund of this order with the order's own key, for at most `patience`. Returns the
  // refund's ID from the answer; nullopt if no final answer arrived.
  std::optional<std::string> Refund(int order, absl::Duration patience) const;

  // Number of repetitions answered with the stored reply.
  int replays() const { return replays_; }
  // Number of answers with outcome `unknown`.
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
