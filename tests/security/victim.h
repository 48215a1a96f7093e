// A gateway as a process of its own, as it would stand in a cluster: mutual TLS, a policy, tokens,
// an audit log, a port for health; and the upstream behind it. Every secret carries a marker.
//
// After each test, and whatever it tried: honest callers are served, and the process is the same.
// At the end: nothing that came out of the gateway holds a marker.
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

// In every secret that the gateway holds.
inline constexpr char kMarker[] = "CANARY7f3a";
// In fields that the protos call sensitive, where a test fills them.
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

class Victim {
 public:
  Victim();
  ~Victim();

  // What the upstream does; at first, and for nullptr, it answers "[]".
  void React(std::function<http::Step(const http::Received&)> react);
  http::ScriptedServer& upstream() { return *upstream_; }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string health_address() const { return "127.0.0.1:" + std::to_string(health_port_); }
  int port() const { return port_; }
  int port_for_health() const { return health_port_; }
  pid_t pid() const { return child_->pid(); }

  // By certificate. `identity` null: none.
  RpcOptions As(const Identity* identity) const;
  RpcOptions Shop() const { return shop_options_; }  // reads, and coupons, of store A
  RpcOptions Root() const { return root_options_; }  // everything
  // Any caller with a certificate that the policy does not know, and this token.
  RpcOptions WithToken(const std::string& token) const;

  const Identity& shop() const { return shop_; }
  const Identity& stranger() const { return stranger_; }  // has a certificate, and no right
  Authority& servers() { return servers_; }
  Authority& clients() { return clients_; }    // of the trust domain "example"
  Authority& partners() { return partners_; }  // of the trust domain "partner"
  const SigningKey& key() const { return key_; }
  nlohmann::json& policy() { return policy_; }
  // Puts it in force, and waits until it is.
  void ApplyPolicy();

  // In Prometheus' text.
  std::string Metrics() const;
  int metrics_port() const { return metrics_port_; }
  // What is there of the audit log.
  std::string Audit() const;

  // The most memory that it had so far, in bytes.
  size_t PeakMemory() const;

  // Whether the audit log gets a line of this caller and method; waits for it.
  bool Audits(const std::string& caller, const std::string& method) const;

  // Ends it. Everything that it wrote: log, audit log and traces.
  std::string Stop();

  // Requests as the upstream got them, without their Authorization.
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
  int metrics_port_ = 0;
  int port_ = 0;
  int health_port_ = 0;
  std::unique_ptr<ChildProcess> child_;
  std::future<int> ended_;  // reads what the process logs
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

  // Requests that reached the upstream since the test began.
  int Arrived() const { return victim_->upstream().executions() - arrived_before_; }

  // Of a method whose request may be empty.
  static RpcAnswer CallAny(const std::string& method) {
    return CallRpc(victim_->address(), method, "{}", victim_->Root());
  }

  static google::rpc::ErrorInfo InfoOf(const grpc::Status& status);

  // Refused by the gateway, before anything went upstream.
  void ExpectRefused(const grpc::Status& status, grpc::StatusCode code, const std::string& reason);
  // No connection, so no answer of the gateway.
  void ExpectNoConnection(const grpc::Status& status);

 private:
  static Victim* victim_;
  int arrived_before_ = 0;
};

}  // namespace gateway::security

#endif  // TESTS_SECURITY_VICTIM_H_
