// Two gateways on one PostgreSQL: each key is executed by one of them, and all callers of the key,
// at both gateways, get the same reply, even while the database is killed and restarted.
//
// LEDGER_CALLERS: callers per key and gateway (default 10).
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "tests/end_to_end/support/keyed_gateway.h"
#include "tests/end_to_end/support/refund_shop.h"
#include "tests/service/ledger/postgresql_server.h"

namespace gateway {
namespace {

constexpr int kKeys = 100;

int Callers() {
  const char* const text = std::getenv("LEDGER_CALLERS");
  int callers = 0;
  return text != nullptr && absl::SimpleAtoi(text, &callers) ? callers : 10;
}

class LedgerReplicasTest : public testing::Test {
 protected:
  void SetUp() override {
    first_.Start();
    second_.Start();
  }

  // Runs `callers_of_each` callers per key at each gateway. Returns the refund ids that the callers
  // got, by key; "" stands for a caller without an answer.
  std::vector<std::vector<std::string>> AllCall(int callers_of_each) {
    std::vector<std::vector<std::string>> heard(kKeys + 1);
    std::atomic<int> next{0};
    const auto call = [&] {
      for (int i = next++; i < kKeys * callers_of_each * 2; i = next++) {
        // Callers with adjacent indexes call at the same time.
        const int order = i / (callers_of_each * 2) + 1;
        const auto id = (i % 2 == 0 ? first_ : second_).Refund(order, absl::Minutes(2));
        EXPECT_TRUE(id) << "order " << order;
        const std::lock_guard lock(mutex_);
        heard[static_cast<size_t>(order)].push_back(id.value_or(""));
        ++answered_;
        more_answered_.notify_all();
      }
    };
    std::vector<std::thread> callers;
    for (int i = 0; i < 40; ++i) callers.emplace_back(call);
    for (std::thread& caller : callers) caller.join();
    const std::lock_guard lock(mutex_);
    all_answered_ = true;
    more_answered_.notify_all();
    return heard;
  }

  // Waits until `more` further calls are answered. Returns false if all calls are answered.
  bool AwaitAnswered(int more) {
    std::unique_lock lock(mutex_);
    const int enough = answered_ + more;
    more_answered_.wait(lock, [&] { return all_answered_ || answered_ >= enough; });
    return !all_answered_;
  }

  void ExpectOneOfEach(const std::vector<std::vector<std::string>>& heard) const {
    for (int order = 1; order <= kKeys; ++order) {
      const std::vector<std::string> refunds = shop_.RefundsOf(order);
      ASSERT_EQ(refunds.size(), 1u) << "order " << order;
      for (const std::string& id : heard[static_cast<size_t>(order)]) {
        EXPECT_EQ(id, refunds[0]) << "order " << order;
      }
    }
  }

  RefundShop shop_{7, 0};
  ledger::PostgresqlServer server_;
  const std::string dsn_ = server_.NewLedger();
  KeyedGateway first_{shop_.Url(), dsn_};
  KeyedGateway second_{shop_.Url(), dsn_};

 private:
  std::mutex mutex_;
  std::condition_variable more_answered_;
  int answered_ = 0;
  bool all_answered_ = false;
};

TEST_F(LedgerReplicasTest, OneOfThemSends) {
  const int callers = Callers();
  ExpectOneOfEach(AllCall(callers));
  // For each key, all callers but one get the stored reply.
  EXPECT_GE(first_.replays() + second_.replays(), kKeys * (2 * callers - 1));
}

TEST_F(LedgerReplicasTest, ADatabaseThatDiesMeanwhileMakesNoneOfThemSendTwice) {
  // Kills after a number of answers, not after a time: on a busy machine, a database that is killed
  // at short intervals answers nothing.
  constexpr int kAnswersBetweenKills = 40;
  int kills = 0;
  std::thread killer([&] {
    for (; AwaitAnswered(kAnswersBetweenKills); ++kills) {
      server_.Kill();
      server_.Start();
    }
  });
  const std::vector<std::vector<std::string>> heard = AllCall(2);
  killer.join();
  EXPECT_GT(kills, 3);
  ExpectOneOfEach(heard);
}

}  // namespace
}  // namespace gateway
