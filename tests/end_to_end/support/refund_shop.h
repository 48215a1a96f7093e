// An upstream that refunds an order as often as it is asked to, tells of all its refunds, and loses
// some of its answers: before the refund, or after it.
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
  // Of a hundred refunds so many are lost, half of them before they happen.
  RefundShop(uint32_t seed, int percent_lost);

  std::string Url() const { return server_->Url(""); }
  // From now on nothing is lost.
  void BecomeReliable();

  // The ids of the refunds of this order.
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

  std::unique_ptr<http::ScriptedServer> server_;  // last: it uses the others
};

}  // namespace gateway

#endif  // TESTS_END_TO_END_SUPPORT_REFUND_SHOP_H_
