// The fixture of the fault cases: a FaultyUpstream and a gateway in front of it, what a call
// through both came to, and what every case has to hold at its end:
//
// - the upstream executed what the case says, no more, and the fault did fire;
// - no call is under way any more, and no place is taken;
// - once gateway and upstream are gone, the process has no descriptor more than before.
//
//   TEST_P(ReplyFaults, Case12BodyShorterThanAnnounced) {
//     Serve([](const Received&) { return ...; });
//     ExpectUnknown(Call(Refund()));
//     ExpectExecutions(1);
//   }
//
// Thread-safety: one thread; the function of the upstream is called from others.
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

// One RPC with its request in bytes, and its kind: "read" or "write".
struct Operation {
  std::string rpc;
  std::string request;
  std::string kind;
};

// The operations that stand for their kinds. `id` tells one call from another at the upstream.
Operation Read(int id = 1);                // GET, GetOrderById
Operation Refund(int id = 1);              // POST with a body, RefundOrder
Operation Delete(int id = 1);              // DELETE without a body, DeleteCouponForStore
Operation CancelSubscription(int id = 1);  // POST without a body
// POST with a body of at least this many bytes, CreateCouponForStore, for the store of this number;
// -1: for kStore.
Operation LargeWrite(size_t bytes, int id = -1);

// What a call came to.
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
  // "UNKNOWN unknown UPSTREAM_CONNECTION_BROKEN", "OK".
  std::string ToString() const;
};

class Bench : public testing::Test {
 protected:
  Bench();
  ~Bench() override;
  void TearDown() override;

  virtual Wire wire() const { return Wire::kPlain; }

  // Far more than any call takes that is not meant to run into its deadline.
  static constexpr absl::Duration kPatience = absl::Seconds(30);
  // The caller sets no deadline, and the configuration's holds. So a case about deadlines gets the
  // gateway's answer on a busy machine too, and not that of gRPC's client, which keeps the
  // caller's deadline by itself.
  static constexpr absl::Duration kGatewaysDeadline = absl::InfiniteDuration();

  // What the next Serve uses. Retries are quick, and breaker and limit out of the way; a case about
  // them sets them.
  UpstreamConfig& upstream_config() { return config_.upstreams["paynow"]; }
  Config& config() { return config_; }
  FaultyUpstream::Options& upstream_options() { return upstream_options_; }
  const std::string& key_file() const { return key_file_; }
  void WriteKey(const std::string& key);

  // Ends what was served before, as the end of a case does, and starts anew.
  void Serve(FaultyUpstream::React react);
  // A gateway alone, in front of this address.
  void ServeUrl(const std::string& base_url, const std::string& ca_file = "");
  void Finish();

  Seen Call(const Operation& operation, absl::Duration deadline = kPatience);
  std::unique_ptr<Front::Pending> Begin(const Operation& operation,
                                        absl::Duration deadline = kPatience);
  static Seen ReadAnswer(end_to_end::Answer answer);
  Seen Await(Front::Pending& pending);

  FaultyUpstream& upstream() { return *upstream_; }
  Front& front() { return *front_; }

  // Since the last Serve.
  double Metric(const std::string& name, const Labels& labels = {}) const;
  // The attempts of this kind that ended so, and those alone of all other results.
  void ExpectAttempts(const std::string& kind, const std::map<std::string, int>& by_result) const;
  void ExpectMetric(const std::string& name, const Labels& labels, double value) const;
  void ExpectExecutions(int count);
  void ExpectFaults(int count);

  // Each kind of operation against the same reaction, on a gateway of its own: one request, one
  // attempt with this result, no repeat. `write` holds for writes with and without a body.
  struct Outcome {
    absl::StatusCode code = absl::StatusCode::kOk;
    std::string outcome = {};
    std::string reason = {};
  };
  // Returns what was seen, in the order of the operations.
  std::vector<Seen> ExpectOnce(const Reaction& reaction, const std::vector<Operation>& operations,
                               const std::string& result, const Outcome& expected);

  static void ExpectOk(const Seen& seen);
  // UNKNOWN, `unknown`: the answer to a write that may have happened.
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

// A case that runs over both wires.
class WireBench : public Bench, public testing::WithParamInterface<Wire> {
 protected:
  Wire wire() const override { return GetParam(); }
};

inline std::string WireName(const testing::TestParamInfo<Wire>& info) { return Name(info.param); }

// As the last line of a file: INSTANTIATE_TEST_SUITE_P(, ReplyFaults, BothWires(), WireName);
inline auto BothWires() { return testing::Values(Wire::kPlain, Wire::kTls); }

// Descriptors that this process has open.
int OpenDescriptors();

// Looks until it is so; false after 10 seconds.
bool Comes(const std::function<bool()>& condition);

}  // namespace gateway::faults

#endif  // TESTS_FAULTS_BENCH_H_
