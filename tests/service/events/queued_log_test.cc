// QueuedLog, which the logs of all databases share: when its thread works, and that each operation
// gets an answer.
#include "service/events/queued_log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tests/service/events/log_calls.h"

namespace gateway::events {
namespace {

using OpensStore = std::function<absl::StatusOr<std::unique_ptr<Store>>()>;

class TestLog final : public QueuedLog {
 public:
  TestLog(const Options& options, OpensStore open) : QueuedLog(options, nullptr, std::move(open)) {}
};

// Counts how often something happened. A test can wait for a number.
class Count {
 public:
  void Add() {
    const MutexLock lock(mutex_);
    ++count_;
    changed_.NotifyAll();
  }

  // Returns false if it has not happened so often when `patience` is over.
  bool Reaches(int count, absl::Duration patience) {
    const SteadyTime end = SteadyTime::Now() + patience;
    const MutexLock lock(mutex_);
    while (count_ < count && changed_.WaitUntil(mutex_, end)) {
    }
    return count_ >= count;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr int kManyTurns = 100;

class UnwritableLogTest : public testing::Test {
 protected:
  UnwritableLogTest() {
    options_.tend_every = absl::Milliseconds(10);
    options_.at_point = [this](absl::string_view point) {
      if (point == "turn") turns_.Add();
    };
  }

  OpensStore FailsWith(absl::Status error) {
    return [this, error = std::move(error)]() -> absl::StatusOr<std::unique_ptr<Store>> {
      tries_.Add();
      return error;
    };
  }

  Options options_;
  Count turns_;
  Count tries_;
};

TEST_F(UnwritableLogTest, WaitsForTheNextTry) {
  options_.first_retry = options_.max_retry = absl::Milliseconds(100);
  const TestLog log(options_, FailsWith(absl::UnavailableError("nobody is there")));
  EXPECT_TRUE(tries_.Reaches(5, kPatience));
  EXPECT_FALSE(turns_.Reaches(kManyTurns, absl::ZeroDuration()));
}

TEST_F(UnwritableLogTest, SleepsWhenItWillNeverBeWritten) {
  TestLog log(options_, FailsWith(absl::DataLossError("torn")));
  ASSERT_TRUE(tries_.Reaches(1, kPatience));
  EXPECT_FALSE(turns_.Reaches(kManyTurns, absl::Milliseconds(300)));
  EXPECT_TRUE(absl::IsUnavailable(PullFrom(log, "one").status())) << "it answers still";
}

// A store that has an event for a waiting pull as soon as the test says so.
class FakeStore final : public Store {
 public:
  explicit FakeStore(const std::atomic<bool>& has_event) : has_event_(has_event) {}

  const std::string& ack_secret() const override { return secret_; }
  absl::Time facts_since() const override { return absl::InfinitePast(); }
  absl::Status Commit(bool, std::vector<Operation>& operations, WaitingPulls& waiting) override {
    for (Operation& operation : operations) {
      if (auto* pulling = std::get_if<Pulling>(&operation))
        pulling->result = std::vector<Received>();
    }
    if (!has_event_) return absl::OkStatus();
    for (auto& [name, pulls] : waiting) {
      for (Pulling& pulling : pulls) {
        pulling.result = std::vector<Received>(1);
        operations.emplace_back(std::move(pulling));
      }
      pulls.clear();
    }
    return absl::OkStatus();
  }
  absl::Status Recover() override { return absl::OkStatus(); }
  SteadyTime NextLook(const WaitingPulls&) const override { return SteadyTime::InfiniteFuture(); }
  void Describe(LogStats&) const override {}

 private:
  const std::string secret_ = "secret";
  const std::atomic<bool>& has_event_;
};

TEST(QueuedLogTest, APullThatWaitsAtTheEndIsAnsweredThoughThereIsAnEvent) {
  std::atomic<bool> has_event{false};
  Count opened;
  Count answers;
  size_t events = 99;
  {
    Options options;
    options.tend_every = absl::Hours(1);
    TestLog log(options, [&] {
      opened.Add();
      return absl::StatusOr<std::unique_ptr<Store>>(std::make_unique<FakeStore>(has_event));
    });
    ASSERT_TRUE(opened.Reaches(1, kPatience));
    PullRequest request{.subscription = "one"};
    request.until = SteadyTime::InfiniteFuture();
    log.Pull(request, [&](absl::StatusOr<std::vector<Received>> received) {
      events = received.ok() ? received->size() : 99;
      answers.Add();
    });
    // The pull waits when the operation behind it has been answered.
    EXPECT_TRUE(PullFrom(log, "one").ok());
    has_event = true;
  }
  EXPECT_TRUE(answers.Reaches(1, absl::ZeroDuration()));
  EXPECT_EQ(events, 0u) << "its lease would hold up the event";
}

}  // namespace
}  // namespace gateway::events
