// A request as it arrived at the upstream, split into its parts, and a recorder that keeps such
// requests.
//
// Thread-safety: a Recorder may be used from any thread; it must outlive the sandbox's hook.
#ifndef TESTS_END_TO_END_SUPPORT_ARRIVAL_H_
#define TESTS_END_TO_END_SUPPORT_ARRIVAL_H_

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/end_to_end/support/difference.h"
#include "tests/end_to_end/support/sample.h"
#include "upstream/sandbox/server.h"

namespace gateway::end_to_end {

struct Arrival {
  explicit Arrival(const sandbox::Received& received);

  std::string method;
  std::string target;
  std::vector<std::string> path;                          // segments, decoded
  std::map<std::string, std::vector<std::string>> query;  // decoded, in order of arrival
  std::string authorization;
  std::string content_type;
  std::string idempotency_key;
  std::string text;
  Json body;  // absent if there was none; text that is no JSON shows as a difference
};

// Returns every difference between the arrival and the sample.
std::vector<std::string> Differences(const Rpc& rpc, const Sample& sample, const Arrival& arrival,
                                     Way way);

// Answers every request to the sandbox with one reply, and keeps the requests.
class Recorder {
 public:
  explicit Recorder(sandbox::Sandbox& sandbox);

  void Answer(sandbox::Reply reply);

  using Act = std::function<void(const sandbox::Received&)>;
  // Calls `act` for each request after it was kept and before it is answered. `act` must not use
  // the recorder.
  void WhenReceived(Act act);

  size_t count() const;
  // Returns the requests since the last Take.
  std::vector<Arrival> Take();

 private:
  std::optional<sandbox::Reply> Hook(const sandbox::Received& received);

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::optional<sandbox::Reply> reply_;
  std::vector<sandbox::Received> received_;
  Act act_;
};

// Makes a reply with this JSON, or without content if the JSON is absent.
sandbox::Reply JsonReply(int status, const Json& json);

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_ARRIVAL_H_
