#include "upstream/http/pool.h"

#include <gtest/gtest.h>

#include <memory>

namespace gateway::http {
namespace {

using CallPtr = Pool::CallPtr;

CallPtr MakeCall(Transport::CallId id, SteadyTime deadline = SteadyTime::InfiniteFuture()) {
  return std::make_shared<OpenCall>(id, nullptr, deadline, [](const Result&) {});
}

class PoolTest : public testing::Test {
 protected:
  CallPtr Enqueued(Transport::CallId id) {
    CallPtr call = MakeCall(id);
    pool_.Enqueue(call);
    return call;
  }
  // The pool only passes connections on, so none are needed here.
  CallPtr Offer() { return pool_.Offer(nullptr, SteadyTime::Now(), SteadyTime::InfiniteFuture()); }

  Pool pool_{Options{}};
};

TEST_F(PoolTest, OneConnectionIsMadeForEachWaitingCall) {
  const CallPtr first = Enqueued(1), second = Enqueued(2);
  EXPECT_EQ(pool_.NextAttempt(), first);
  EXPECT_EQ(pool_.NextAttempt(), second);
  EXPECT_FALSE(pool_.WantsAttempt());
}

// The first call gets the second call's connection, and its own cannot be made.
TEST_F(PoolTest, ACallWhoseConnectionAnotherGotHasOneMadeAgain) {
  const CallPtr first = Enqueued(1), second = Enqueued(2);
  pool_.NextAttempt();
  pool_.NextAttempt();
  pool_.AttemptMade(nullptr);
  EXPECT_EQ(Offer(), first);
  EXPECT_FALSE(pool_.WantsAttempt());
  pool_.AttemptFailed();
  EXPECT_EQ(pool_.NextAttempt(), second);
}

// A call whose connection proved unusable stands in front again, and gets the connection that was
// made for the next call.
TEST_F(PoolTest, ACallWhoseConnectionACallInFrontGotHasOneMadeAgain) {
  const CallPtr first = Enqueued(1);
  EXPECT_EQ(pool_.NextAttempt(), first);
  const CallPtr back = MakeCall(2);
  pool_.EnqueueFirst(back);
  pool_.AttemptMade(nullptr);
  EXPECT_EQ(Offer(), back);
  EXPECT_EQ(pool_.NextAttempt(), first);
}

TEST_F(PoolTest, AFailedAttemptIsNotMadeAgainForACallThatIsOver) {
  const CallPtr first = Enqueued(1), second = Enqueued(2);
  pool_.NextAttempt();
  pool_.NextAttempt();
  pool_.Dequeue(*first);
  pool_.AttemptFailed();
  EXPECT_FALSE(pool_.WantsAttempt());
}

TEST_F(PoolTest, ACallThatHasExpiredGetsNoConnection) {
  pool_.Enqueue(MakeCall(1, SteadyTime::Now()));
  const CallPtr second = Enqueued(2);
  EXPECT_EQ(Offer(), second);
  EXPECT_EQ(Offer(), nullptr);
}

}  // namespace
}  // namespace gateway::http
