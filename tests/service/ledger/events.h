// Collects a ledger's events, and lets a test wait for one.
//
// Thread-safety: may be used from any thread.
#ifndef TESTS_SERVICE_LEDGER_EVENTS_H_
#define TESTS_SERVICE_LEDGER_EVENTS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway::ledger {

class Events {
 public:
  void Add(absl::string_view event) {
    const std::lock_guard lock(mutex_);
    events_.emplace_back(event);
    changed_.notify_all();
  }
  void WaitFor(const std::string& event) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::minutes(1), [&] {
      return std::find(events_.begin(), events_.end(), event) != events_.end();
    })) << event;
    events_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
};

}  // namespace gateway::ledger

#endif  // TESTS_SERVICE_LEDGER_EVENTS_H_
