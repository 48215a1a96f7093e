// Delivers events to their subscribers: signed, one after another. If the answer is no success,
// delivers again after a pause. Keeps a log of the answers.
//
//   Courier courier({.signature = ..., .urls = {"http://127.0.0.1:9000/hook"}}, on_delivered);
//   courier.Post({event});      // {"type", "id", "payload", "targets": [{"url", "secret"}]}
//   courier.Send(1, "tampered");
//
// Thread-safe. A target that hangs holds up the others for `timeout` at most. The destructor waits
// for the delivery that is being sent, and drops the deliveries that wait.
#ifndef UPSTREAM_SANDBOX_WEBHOOKS_COURIER_H_
#define UPSTREAM_SANDBOX_WEBHOOKS_COURIER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "upstream/mutex.h"
#include "upstream/sandbox/http/message.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

class Courier {
 public:
  struct Options {
    // See signature.h.
    Json signature = Json::object();
    // URLs that get every event, in addition to the event's targets, and the secret for them.
    std::vector<std::string> urls;
    std::string secret;
    // The pause before each further attempt of a delivery that the target did not accept with a
    // 2xx.
    std::vector<absl::Duration> pauses;
    // A 4xx is final: there is no further attempt.
    bool final_4xx = false;
    absl::Duration timeout = absl::Seconds(5);
    size_t max_log = 500;
  };
  // Called after each attempt with the target, plus the member "status" (0: no answer).
  using OnDelivered = std::function<void(const Json& target)>;

  // Reads the options from a behaviour: `signature`, and `retries = {pauses = {5, 30}, final_4xx =
  // true}`, in seconds.
  static Options OptionsOf(const Json& settings);

  Courier(Options options, OnDelivered on_delivered);
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  void Post(const std::vector<Json>& events);
  // Sends a delivery of the log once more: "again", "twice", "late" (after 10 s), "tampered" (a
  // byte is changed after signing). Returns false if there is no such delivery, or `how` is another
  // text.
  bool Send(int64_t id, const std::string& how);
  // The next `count` deliveries wait for each other, and go out in reverse.
  void Reverse(size_t count);
  // Makes the deliveries that wait for their time due this much sooner.
  void Forward(absl::Duration time);
  // Forgets the log and the deliveries that wait.
  void Clear();
  // Returns the deliveries, newest first, each with id, event, url, state, body and attempts (time,
  // status, answer, tampered); also `next`, a time, if another attempt will come.
  Json Log() const;

 private:
  struct Delivery {
    int64_t id = 0;
    Json event;
    Json target;
    std::string body;
    Headers headers;
    std::string state = "waiting";
    Json attempts = Json::array();
  };
  struct Due {
    absl::Time time;
    int64_t delivery;
    bool tampered = false;
    bool repeats = true;
  };

  void Run();
  void Deliver(const Due& due);
  // Sends one request. Returns the status of the answer and the beginning of its body, or 0 and the
  // reason why there is no answer.
  std::pair<int, std::string> Call(const std::string& url, const Headers& headers,
                                   const std::string& body) const;
  Delivery* Find(int64_t id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Add(const Json& event, const Json& target) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Options options_;
  const OnDelivered on_delivered_;

  mutable Mutex mu_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  int64_t last_id_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<Delivery> log_ ABSL_GUARDED_BY(mu_);
  std::vector<Due> due_ ABSL_GUARDED_BY(mu_);
  size_t to_reverse_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<Due> reversed_ ABSL_GUARDED_BY(mu_);

  std::thread thread_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WEBHOOKS_COURIER_H_
