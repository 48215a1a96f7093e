// A gateway that receives webhooks, in a child process that can be killed and started again.
// Deliver sends the gateway a webhook of PayNow, genuine or forged.
//
// Thread-safety: Start and Kill belong to one thread, the rest may be used from any.
#ifndef TESTS_END_TO_END_SUPPORT_EVENT_GATEWAY_H_
#define TESTS_END_TO_END_SUPPORT_EVENT_GATEWAY_H_

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/service/child_process.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"

namespace gateway {

class EventGateway {
 public:
  // `subscriptions` and `forward` are the configuration's `events.subscriptions` and
  // `events.forward`. `dsn` is the connection string of PostgreSQL; "" uses an SQLite file.
  explicit EventGateway(const nlohmann::json& subscriptions, const std::string& dsn = "",
                        const nlohmann::json& forward = nlohmann::json::object());

  void Start();
  void Kill();
  // Stops the process with SIGSTOP. All its threads stand still when this returns. Call Kill
  // afterwards.
  void Hold();

  // Delivers the event of this id, signed now. Returns the answer's status, or 0 without an answer.
  int Deliver(const std::string& id, bool forged = false) const;
  RpcAnswer Call(const std::string& rpc, const nlohmann::json& request,
                 std::chrono::milliseconds deadline) const;

  int webhooks_port() const { return webhooks_port_; }

 private:
  const TempDir directory_;
  std::string config_;
  std::unique_ptr<ChildProcess> child_;
  std::atomic<int> port_{0};
  std::atomic<int> webhooks_port_{0};
  mutable std::mutex mutex_;
  std::shared_ptr<grpc::Channel> channel_;  // guarded by mutex_
};

}  // namespace gateway

#endif  // TESTS_END_TO_END_SUPPORT_EVENT_GATEWAY_H_
