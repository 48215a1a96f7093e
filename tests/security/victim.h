// A gateway in its own process, configured as in a cluster: mutual TLS, a policy, tokens, an audit
// log and a port for health. The upstream behind it belongs to the test. Every secret carries a
// marker.
//
// After each test, the same process must still serve an honest caller. At the end of the suite, the
// marker must not occur in the gateway's logs, traces or metrics, nor in requests to the upstream,
// except in their Authorization header.
//
// Thread-safety: one thread. Errors: a gateway that does not come up ends the program.
#ifndef TESTS_SECURITY_VICTIM_H_
#define TESTS_SECURITY_VICTIM_H_

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "tests/report/report.h"
#include "tests/service/authority.h"
#include "tests/service/authorization/token_maker.h"
#include "tests/service/child_process.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway::security {

using report::Saw;

// Part of every secret that the gateway holds.
inline constexpr char kMarker[] = "CANARY7f3a";
// The value of the fields that the protos mark as sensitive, in tests that fill them.
inline constexpr char kSensitive[] = "SENSITIVE9c1e";

inline constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
inline constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
inline constexpr char kDeleteCoupon[] = "paynow.management.v1.CouponsService/DeleteCouponForStore";
inline constexpr char kReflection[] =
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
inline constexpr char kChannelz[] = "grpc.channelz.v1.Channelz/GetServers";

// Stores of two callers, with keys of their own.
inline constexpr char kStoreA[] = "411486491630370816";
inline constexpr char kStoreB[] = "411486491630370900";

inline constexpr int kMaxConnections = 300;
inline constexpr int kMaxWebhookBytes = 64 * 1024;
inline constexpr int kMaxEventBytes = 16 * 1024 * 1024;

class Victim {
 public:
  Victim();
  ~Victim();

  // Sets how the upstream answers. Before the first call, and after nullptr, the upstream answers
  // "[]".
  void React(std::function<http::Step(const http::Received&)> react);
  http::ScriptedServer& upstream() { return *upstream_; }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string health_address() const { return "127.0.0.1:" + std::to_string(health_port_); }
  int port() const { return port_; }
  int port_for_health() const { return health_port_; }
  pid_t pid() const { return child_->pid(); }

  // Returns options for a call with this certificate; if `identity` is null, without a certificate.
  RpcOptions As(const Identity* identity) const;
  RpcOptions Shop() const { return shop_options_; }  // may read, and use coupons, in store A
  RpcOptions Root() const { return root_options_; }  // may do everything
  // Returns options for a call with this token, and with a certificate that matches no rule.
  RpcOptions WithToken(const std::string& token) const;

  const Identity& shop() const { return shop_; }
  const Identity& stranger() const { return stranger_; }  // has a certificate, but no rights
  Authority& servers() { return servers_; }
  Authority& clients() { return clients_; }    // of the trust domain "example"
  Authority& partners() { return partners_; }  // of the trust domain "partner"
  const SigningKey& key() const { return key_; }
  nlohmann::json& policy() { return policy_; }
  // Writes the policy, and waits until it is in force.
  void ApplyPolicy();

  // Returns the metrics in Prometheus' text format.
  std::string Metrics() const;
  int metrics_port() const { return metrics_port_; }
  int webhooks_port() const { return webhooks_port_; }
  // The secret that PayNow's webhooks are signed with.
  static std::string WebhookSecret() { return std::string(kMarker) + "/webhook"; }
  // Returns the bytes that the log of events occupies on the disk.
  size_t EventBytes() const;
  // Returns the audit log so far.
  std::string Audit() const;

  // Returns the most memory that the gateway has used so far, in bytes. The value never decreases.
  size_t PeakMemory();

  // Waits until the audit log has a line of this caller and method. Returns false after 30 seconds.
  bool Audits(const std::string& caller, const std::string& method) const;

  // Stops the gateway. Returns everything that it wrote: log, audit log and traces.
  std::string Stop();

  // Returns the requests that the upstream received, without their Authorization headers.
  std::string Transcript() const;

 private:
  std::string WriteConfig();
  void Start();

  TempDir directory_;
  Authority servers_{"servers"};
  Authority clients_{"clients"};
  Authority partners_{"partners"};
  const Identity shop_ = clients_.Issue({.names = "URI:spiffe://example/shop"});
  const Identity root_ = clients_.Issue({.names = "URI:spiffe://example/root"});
  const Identity stranger_ = clients_.Issue({.names = "URI:spiffe://example/stranger"});
  const SigningKey key_ = SigningKey::Rsa("kid-1");
  nlohmann::json policy_;
  std::mutex mutex_;
  std::function<http::Step(const http::Received&)> react_;  // guarded by mutex_
  std::unique_ptr<http::ScriptedServer> upstream_;
  RpcOptions shop_options_;
  RpcOptions root_options_;
  RpcOptions stranger_options_;
  size_t peak_memory_ = 0;
  int metrics_port_ = 0;
  int webhooks_port_ = 0;
  int port_ = 0;
  int health_port_ = 0;
  std::unique_ptr<ChildProcess> child_;
  std::future<int> ended_;  // reads the process's log until it ends
};

// One victim for all attacks of a suite.
class AttackTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  void TearDown() override;

  static Victim& victim() { return *victim_; }

  static RpcAnswer Call(const std::string& method, const std::string& request,
                        const RpcOptions& as) {
    return CallRpc(victim_->address(), method, request, as);
  }

  // The number of requests that have reached the upstream since the test began.
  int Arrived() const { return victim_->upstream().executions() - arrived_before_; }

  // Calls a method with an empty request, as the caller who may do everything.
  static RpcAnswer CallAny(const std::string& method) {
    return CallRpc(victim_->address(), method, "{}", victim_->Root());
  }

  static google::rpc::ErrorInfo InfoOf(const grpc::Status& status);

  // Expects that the gateway refused the call before anything was sent to the upstream.
  void ExpectRefused(const grpc::Status& status, grpc::StatusCode code, const std::string& reason);
  // Expects that the connection failed, so that the gateway gave no answer.
  void ExpectNoConnection(const grpc::Status& status);

 private:
  static Victim* victim_;
  int arrived_before_ = 0;
};

}  // namespace gateway::security

#endif  // TESTS_SECURITY_VICTIM_H_
