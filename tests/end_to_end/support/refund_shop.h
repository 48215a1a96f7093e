// An upstream that refunds an order on every request and lists all its refunds. It leaves some
// requests without an answer, before or after it makes the refund.
//
// Thread-safety: may be used from any thread.
#ifndef TESTS_END_TO_END_SUPPORT_REFUND_SHOP_H_
#define TESTS_END_TO_END_SUPPORT_REFUND_SHOP_H_

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {

class RefundShop {
 public:
  // `percent_lost` percent of the refund calls are lost, half of them before the refund happens.
  RefundShop(uint32_t seed, int percent_lost);

  std::string Url() const { return server_->Url(""); }
  // From now on no answer is lost.
  void BecomeReliable();

  // Returns the IDs of this order's refunds.
  std::vector<std::string> RefundsOf(int order) const;
  int lost() const;

  // The number of requests for refunds so far.
  int requested() const;
  // Waits until requested() exceeds `requested`. Returns false if that takes longer than 30
  // seconds.
  bool AwaitMoreThan(int requested) const;

 private:
  struct Made {
    std::string id;
    absl::Time at;
  };

  static std::string Show(const Made& refund);
  http::Step Answer(const http::Received& request);
  http::Step Refund(const std::string& order);
  std::string Payments(const std::string& order) const;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  // Guarded by mutex_.
  std::mt19937 random_;
  int percent_lost_;
  int lost_ = 0;
  int requested_ = 0;
  int next_id_ = 1000;
  std::map<std::string, std::vector<Made>> refunds_;  // by order

  std::unique_ptr<http::ScriptedServer> server_;  // last: it uses the other members
};

}  // namespace gateway

#endif  // TESTS_END_TO_END_SUPPORT_REFUND_SHOP_H_
