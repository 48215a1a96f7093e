// Kills the gateway with SIGKILL at random moments during refunds with keys. No refund happens
// twice, and each caller that repeats its call gets the id of the refund that happened.
//
// LEDGER_KILLS: number of kills for each store (default 12). LEDGER_SEED: the random seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "tests/end_to_end/support/keyed_gateway.h"
#include "tests/end_to_end/support/number_from.h"
#include "tests/end_to_end/support/refund_shop.h"
#include "tests/service/ledger/postgresql_server.h"

namespace gateway {
namespace {

constexpr int kCallers = 8;
constexpr int kPercentLost = 10;

// The refund IDs that callers received, by order.
class Heard {
 public:
  void Note(int order, const std::string& id) {
    const std::lock_guard lock(mutex_);
    heard_[order].push_back(id);
  }
  std::vector<std::string> Of(int order) const {
    const std::lock_guard lock(mutex_);
    const auto found = heard_.find(order);
    return found == heard_.end() ? std::vector<std::string>() : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<int, std::vector<std::string>> heard_;  // guarded by mutex_
};

class LedgerKillTest : public testing::TestWithParam<const char*> {
 protected:
  std::string NewDsn() const {
    if (GetParam() == std::string("Sqlite")) return "";
    return ledger::PostgresqlServer::Shared().NewLedger();
  }
};

TEST_P(LedgerKillTest, NoRefundHappensTwice) {
  const int kills = NumberFrom("LEDGER_KILLS", 12);
  const auto seed = static_cast<uint32_t>(NumberFrom("LEDGER_SEED", 20261127));
  std::mt19937 random(seed);
  RefundShop shop(seed, kPercentLost);
  KeyedGateway gateway(shop.Url(), NewDsn());
  gateway.Start();
  if (HasFatalFailure()) return;

  Heard heard;
  std::atomic<int> next_order{1};
  std::atomic<bool> over{false};
  const auto call = [&] {
    while (!over) {
      const int order = next_order++;
      const auto id = gateway.Refund(order, absl::Seconds(2));
      if (id) heard.Note(order, *id);
    }
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) callers.emplace_back(call);
  int requested = 0;
  for (int i = 0; i < kills; ++i) {
    // On a busy machine a new gateway takes long to serve. A kill before that would show nothing.
    EXPECT_TRUE(shop.AwaitMoreThan(requested)) << "the gateway sends nothing";
    absl::SleepFor(absl::Milliseconds(std::uniform_int_distribution<>(0, 200)(random)));
    gateway.Kill();
    requested = shop.requested();
    gateway.Start();
    if (HasFatalFailure()) std::abort();
  }
  over = true;
  for (std::thread& caller : callers) caller.join();

  // Every order is asked for again until its final answer is known.
  shop.BecomeReliable();
  const int orders = next_order - 1;
  std::atomic<int> next{1};
  const auto ask = [&] {
    for (int order = next++; order <= orders; order = next++) {
      const auto id = gateway.Refund(order, absl::Minutes(2));
      EXPECT_TRUE(id) << "nobody knows of order " << order;
      if (id) heard.Note(order, *id);
    }
  };
  std::vector<std::thread> askers;
  for (int i = 0; i < 4 * kCallers; ++i) askers.emplace_back(ask);
  for (std::thread& asker : askers) asker.join();
  std::cout << GetParam() << ": seed " << seed << ", " << kills << " kills, " << orders
            << " refunds, " << shop.lost() << " lost by the upstream, " << gateway.unknowns()
            << " times unknown, " << gateway.replays() << " replays\n";

  for (int order = 1; order <= orders; ++order) {
    const std::vector<std::string> refunds = shop.RefundsOf(order);
    ASSERT_EQ(refunds.size(), 1u) << "order " << order;
    for (const std::string& id : heard.Of(order)) EXPECT_EQ(id, refunds[0]) << "order " << order;
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, LedgerKillTest, testing::Values("Sqlite", "Postgresql"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace gateway
