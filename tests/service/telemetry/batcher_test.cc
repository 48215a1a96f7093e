// Callers never wait for the batcher's work, and items that do not fit are counted.
#include "service/telemetry/batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>
#include <vector>

namespace gateway {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// Work that blocks until it is released.
struct Held {
  std::promise<void> began;
  std::promise<void> go;
};

TEST(BatcherTest, HandsOverEverythingInItsOrder) {
  std::vector<int> seen;
  {
    Batcher<int> batcher({.capacity = 10000}, [&](std::vector<int>& batch) {
      seen.insert(seen.end(), batch.begin(), batch.end());
    });
    for (int i = 0; i < 5000; ++i) EXPECT_TRUE(batcher.Push(i));
    batcher.Flush();
    EXPECT_THAT(seen, SizeIs(5000));
    batcher.Push(5000);
    EXPECT_EQ(batcher.dropped(), 0u);
  }
  ASSERT_THAT(seen, SizeIs(5001));  // the destructor handles all items
  for (int i = 0; i <= 5000; ++i) ASSERT_EQ(seen[i], i);
}

TEST(BatcherTest, DropsAndCountsWhatFindsNoRoomAndNeverWaits) {
  Held held;
  std::vector<std::vector<int>> batches;
  {
    Batcher<int> batcher({.capacity = 3, .patience = absl::ZeroDuration()},
                         [&](std::vector<int>& batch) {
                           batches.push_back(batch);
                           if (batches.size() > 1) return;
                           held.began.set_value();
                           held.go.get_future().wait();
                         });
    EXPECT_TRUE(batcher.Push(1));
    held.began.get_future().wait();
    // The thread may be busy for any time; these calls return.
    for (int i = 2; i <= 4; ++i) EXPECT_TRUE(batcher.Push(i));
    EXPECT_FALSE(batcher.Push(5));
    EXPECT_FALSE(batcher.Push(6));
    EXPECT_EQ(batcher.dropped(), 2u);
    held.go.set_value();
    batcher.Flush();
    EXPECT_TRUE(batcher.Push(7));
  }
  EXPECT_THAT(batches, ElementsAre(ElementsAre(1), ElementsAre(2, 3, 4), ElementsAre(7)));
}

// Otherwise the first item of a batch would wait for `patience`, which is an hour.
TEST(BatcherTest, WorksAtOnceWhereHalfOfTheRoomIsTaken) {
  std::promise<size_t> first;
  Batcher<int> batcher({.capacity = 10, .patience = absl::Hours(1)},
                       [&](std::vector<int>& batch) { first.set_value(batch.size()); });
  for (int i = 0; i < 5; ++i) batcher.Push(i);
  auto size = first.get_future();
  ASSERT_EQ(size.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_EQ(size.get(), 5u);
}

TEST(BatcherTest, FlushesWhatThreadsPush) {
  std::atomic<int> seen{0};
  Batcher<std::string> batcher(
      {.capacity = 100000, .patience = absl::Hours(1)},
      [&](std::vector<std::string>& batch) { seen += static_cast<int>(batch.size()); });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) batcher.Push("x");
      batcher.Flush();
      EXPECT_GE(seen, 1000);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen, 4000);
}

}  // namespace
}  // namespace gateway
