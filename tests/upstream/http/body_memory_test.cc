#include "upstream/http/body_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gateway::http {
namespace {

constexpr size_t kLarge = size_t{1024} * 1024;

std::string TakeBodyMemory(size_t size) {
  std::string body;
  ReserveBodyMemory(body, size);
  return body;
}

// Returns the address as a number, which may be used after the body is gone.
std::uintptr_t PlaceOf(const std::string& body) {
  return reinterpret_cast<std::uintptr_t>(body.data());
}

// Empties the stock before each test.
class BodyMemoryTest : public testing::Test {
 protected:
  BodyMemoryTest() {
    for (int i = 0; i < 100; ++i) TakeBodyMemory(kLarge);
  }
};

TEST_F(BodyMemoryTest, HasRoomAndNoContent) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1000}, kLarge, 10 * kLarge}) {
    const std::string memory = TakeBodyMemory(size);
    EXPECT_TRUE(memory.empty());
    EXPECT_GE(memory.capacity(), size);
  }
}

TEST_F(BodyMemoryTest, IsThatOfAnEarlierBody) {
  std::string body = TakeBodyMemory(kLarge);
  body.assign(kLarge, 'x');
  const std::uintptr_t place = PlaceOf(body);
  KeepBodyMemory(std::move(body));
  const std::string next = TakeBodyMemory(kLarge / 2);
  EXPECT_EQ(PlaceOf(next), place);
  EXPECT_TRUE(next.empty());
  EXPECT_NE(PlaceOf(TakeBodyMemory(kLarge / 2)), place);
}

// A reply's body is filled on the thread that reads from the upstream, and released on one of
// gRPC's.
TEST_F(BodyMemoryTest, MayComeFromAnotherThread) {
  std::string body = TakeBodyMemory(kLarge);
  const std::uintptr_t place = PlaceOf(body);
  std::thread([&] { KeepBodyMemory(std::move(body)); }).join();
  EXPECT_EQ(PlaceOf(TakeBodyMemory(kLarge)), place);
}

TEST_F(BodyMemoryTest, IsNotSpentOnSmallBodies) {
  std::string body = TakeBodyMemory(kLarge);
  const std::uintptr_t place = PlaceOf(body);
  KeepBodyMemory(std::move(body));
  EXPECT_LT(TakeBodyMemory(100).capacity(), kLarge);
  EXPECT_EQ(PlaceOf(TakeBodyMemory(kLarge)), place);
}

TEST_F(BodyMemoryTest, HasALimit) {
  std::vector<std::string> bodies;
  for (int i = 0; i < 50; ++i) bodies.push_back(TakeBodyMemory(kLarge));
  for (std::string& body : bodies) KeepBodyMemory(std::move(body));
  size_t kept = 0;
  for (int i = 0; i < 50; ++i) {
    // A kept buffer has more capacity than requested here.
    if (TakeBodyMemory(kLarge / 2).capacity() >= kLarge) ++kept;
  }
  EXPECT_GE(kept, 4);
  EXPECT_LE(kept, 8);
}

}  // namespace
}  // namespace gateway::http
