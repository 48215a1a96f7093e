// The fixture of the fault cases: a FaultyUpstream, a gateway in front of it, and the result of a
// call through both. Every case checks at its end that:
// - the upstream executed exactly what the case states, and the fault fired;
// - no call is in flight and no concurrency slot is taken;
// - after gateway and upstream are destroyed, the process has no more descriptors than before.
//
//   TEST_P(ReplyFaults, Case12BodyShorterThanAnnounced) {
//     Serve([](const Received&) { return ...; });
//     ExpectUnknown(Call(Refund()));
//     ExpectExecutions(1);
//   }
//
// Thread-safety: one thread; other threads call the upstream's function.
#ifndef TESTS_FAULTS_BENCH_H_
#define TESTS_FAULTS_BENCH_H_

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/config/config.h"
#include "tests/end_to_end/support/caller.h"
#include "tests/faults/faulty_upstream.h"
#include "tests/faults/front.h"
#include "tests/faults/metrics_text.h"
#include "tests/report/report.h"
#include "tests/service/temp_dir.h"
#include "upstream/steady_time.h"

namespace gateway::faults {

using report::NotProduced;
using report::Saw;

inline constexpr char kStore[] = "411486491630370816";
inline constexpr char kKey[] = "key-of-the-bench";

// One RPC with its serialized request, and its kind: "read" or "write".
struct Operation {
  std::string rpc;
  std::string request;
  std::string kind;
};

// One operation of each kind. `id` distinguishes calls at the upstream.
Operation Read(int id = 1);                // GET, GetOrderById
Operation Refund(int id = 1);              // POST with a body, RefundOrder
Operation Delete(int id = 1);              // DELETE without a body, DeleteCouponForStore
Operation CancelSubscription(int id = 1);  // POST without a body
// POST with a body of at least this many bytes, CreateCouponForStore, for store number `id`; -1
// means kStore.
Operation LargeWrite(size_t bytes, int id = -1);

// The result of a call.
struct Seen {
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string message;  // of the status
  end_to_end::Details details;
  int attempts = 0;
  std::multimap<std::string, std::string> trailers;
  std::string reply;  // bytes of the reply message
  absl::Duration took;

  bool ok() const { return code == absl::StatusCode::kOk; }
  std::string outcome() const { return details.Meta("outcome"); }
  std::string reason() const { return details.info.reason(); }
  std::string http_status() const { return details.Meta("http_status"); }
  // Returns "UNKNOWN unknown UPSTREAM_CONNECTION_BROKEN" or "OK", for example.
  std::string ToString() const;
};

class Bench : public testing::Test {
 protected:
  Bench();
  ~Bench() override;
  void TearDown() override;

  virtual Wire wire() const { return Wire::kPlain; }

  // Much longer than any call takes, except calls that are meant to reach their deadline.
  static constexpr absl::Duration kPatience = absl::Seconds(30);
  // The caller sets no deadline, so the configured default applies. A case about deadlines then
  // gets the gateway's answer even on a busy host. With a caller's deadline, gRPC's client could
  // end the call by itself first.
  static constexpr absl::Duration kGatewaysDeadline = absl::InfiniteDuration();

  // The configuration for the next Serve. Retries are quick, and breaker and concurrency limit are
  // out of the way; a case about them sets them.
  UpstreamConfig& upstream_config() { return config_.upstreams["paynow"]; }
  Config& config() { return config_; }
  FaultyUpstream::Options& upstream_options() { return upstream_options_; }
  const std::string& key_file() const { return key_file_; }
  void WriteKey(const std::string& key);

  // Ends the current servers with the checks of Finish, and starts new ones.
  void Serve(FaultyUpstream::React react);
  // Starts only a gateway, for an upstream at this address.
  void ServeUrl(const std::string& base_url, const std::string& ca_file = "");
  void Finish();

  Seen Call(const Operation& operation, absl::Duration deadline = kPatience);
  std::unique_ptr<Front::Pending> Begin(const Operation& operation,
                                        absl::Duration deadline = kPatience);
  static Seen ReadAnswer(end_to_end::Answer answer);
  Seen Await(Front::Pending& pending);

  FaultyUpstream& upstream() { return *upstream_; }
  Front& front() { return *front_; }

  // The metric's value since the last Serve.
  double Metric(const std::string& name, const Labels& labels = {}) const;
  // Expects these numbers of attempts of this kind by result, and no attempts with other results.
  void ExpectAttempts(const std::string& kind, const std::map<std::string, int>& by_result) const;
  void ExpectMetric(const std::string& name, const Labels& labels, double value) const;
  void ExpectExecutions(int count);
  void ExpectFaults(int count);

  // Sends each kind of operation to the same reaction, each on its own gateway. Expects one
  // request, one attempt with this result and no retry. `expected` holds for writes with and
  // without a body.
  struct Outcome {
    absl::StatusCode code = absl::StatusCode::kOk;
    std::string outcome = {};
    std::string reason = {};
  };
  // Returns the results in the order of the operations.
  std::vector<Seen> ExpectOnce(const Reaction& reaction, const std::vector<Operation>& operations,
                               const std::string& result, const Outcome& expected);

  static void ExpectOk(const Seen& seen);
  // Expects UNKNOWN with outcome `unknown`: the answer to a write that may have happened.
  static void ExpectUnknown(const Seen& seen);
  static void ExpectSeen(const Seen& seen, absl::StatusCode code, const std::string& outcome,
                         const std::string& reason = "");

 private:
  void ExpectIdle() const;
  void StartGateway(const std::string& base_url, const std::string& ca_file);

  TempDir directory_;
  const std::string key_file_;
  Config config_;
  FaultyUpstream::Options upstream_options_;
  std::unique_ptr<FaultyUpstream> upstream_;
  std::unique_ptr<Front> front_;
  int descriptors_ = 0;
};

// A case that runs over both plain text and TLS.
class WireBench : public Bench, public testing::WithParamInterface<Wire> {
 protected:
  Wire wire() const override { return GetParam(); }
};

inline std::string WireName(const testing::TestParamInfo<Wire>& info) { return Name(info.param); }

// As the last line of a file: INSTANTIATE_TEST_SUITE_P(, ReplyFaults, BothWires(), WireName);
inline auto BothWires() { return testing::Values(Wire::kPlain, Wire::kTls); }

// Number of descriptors that this process has open.
int OpenDescriptors();

// Polls until the condition holds. Returns false after 10 seconds.
bool Comes(const std::function<bool()>& condition);

}  // namespace gateway::faults

#endif  // TESTS_FAULTS_BENCH_H_
