// An upstream that refunds an order on every request, lists all its refunds, and loses some of its
// answers, before or after the refund.
//
// Thread-safety: may be used from any thread.
#ifndef TESTS_END_TO_END_SUPPORT_REFUND_SHOP_H_
#define TESTS_END_TO_END_SUPPORT_REFUND_SHOP_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

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

 private:
  http::Step Answer(const http::Received& request);
  http::Step Refund(const std::string& order);
  std::string Payments(const std::string& order) const;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::mt19937 random_;
  int percent_lost_;
  int lost_ = 0;
  int next_id_ = 1000;
  std::map<std::string, std::vector<std::string>> refunds_;  // by order

  std::unique_ptr<http::ScriptedServer> server_;  // last: it uses the other members
};

}  // namespace gateway

#endif  // TESTS_END_TO_END_SUPPORT_REFUND_SHOP_H_
