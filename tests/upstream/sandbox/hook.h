// A receiver of webhooks.
//
// Thread-safe.
#ifndef TESTS_UPSTREAM_SANDBOX_HOOK_H_
#define TESTS_UPSTREAM_SANDBOX_HOOK_H_

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "upstream/sandbox/http/listener.h"

namespace gateway::sandbox {

class Hook {
 public:
  Hook() {
    listener_ = Listener::Start({}, [this](Connection& connection) { Serve(connection); }).value();
  }
  ~Hook() { listener_.reset(); }

  std::string url() const { return absl::StrCat("http://127.0.0.1:", listener_->port(), "/hook"); }
  // Sets the status of all further answers.
  void Answer(int status) {
    const std::lock_guard<std::mutex> lock(mu_);
    status_ = status;
  }
  // Waits for `count` deliveries and returns all received ones.
  std::vector<Received> Await(size_t count) {
    std::unique_lock<std::mutex> lock(mu_);
    EXPECT_TRUE(
        came_.wait_for(lock, std::chrono::seconds(30), [&] { return received_.size() >= count; }))
        << received_.size() << " of " << count << " came";
    return received_;
  }

 private:
  void Serve(Connection& connection) {
    Received received;
    int refused = 0;
    while (connection.ReadRequest(received, refused) == Connection::Read::kRequest) {
      int status;
      {
        const std::lock_guard<std::mutex> lock(mu_);
        received_.push_back(received);
        status = status_;
      }
      connection.Write(ReplyText({status, "noted", "text/plain", {}}, true));
      came_.notify_all();
    }
  }

  std::mutex mu_;
  std::condition_variable came_;
  std::vector<Received> received_;
  int status_ = 200;
  std::unique_ptr<Listener> listener_;
};

}  // namespace gateway::sandbox

#endif  // TESTS_UPSTREAM_SANDBOX_HOOK_H_
