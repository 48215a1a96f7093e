// Publishes events to a stream of NATS JetStream, which then owns consumers and replay.
//
//   CloudEvent -> subject "<subject>.<provider>.<type>", Nats-Msg-Id: the message's id
//              -> the stream has stored the message now: taken
//              -> the stream had the message already, within its duplicate window: duplicate
//
// The stream has to exist: an operator decides how long it keeps messages, and on how many servers.
// If the server is down, also at the start, the connection is tried again and again. Meanwhile the
// result is kUnreachable, and the try does not count.
//
// Thread-safety: as Target. It has threads of its own; each waits for one answer at a time.
// Lifetime: the destructor ends the messages that wait as kUnreachable, and waits for publications
// that are under way, until their deadlines at most.
#ifndef SERVICE_EVENTS_FORWARD_NATS_TARGET_H_
#define SERVICE_EVENTS_FORWARD_NATS_TARGET_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/events/forward/nats_connection.h"
#include "service/events/forward/target.h"
#include "upstream/mutex.h"
#include "upstream/start_thread.h"
#include "upstream/steady_time.h"

namespace gateway::events {

class NatsTarget final : public Target {
 public:
  // INVALID_ARGUMENT for an address or certificate that cannot be used; RESOURCE_EXHAUSTED if the
  // system refuses a thread. Connects with the first event.
  static absl::StatusOr<std::unique_ptr<NatsTarget>> Create(
      NatsOptions options, const ThreadMaker& make_thread = MakeThread);
  ~NatsTarget() override;
  NatsTarget(const NatsTarget&) = delete;
  NatsTarget& operator=(const NatsTarget&) = delete;

  void HandOn(Message message, SteadyTime deadline, Done done) override;

 private:
  struct Job {
    Message message;
    SteadyTime deadline;
    Done done;
  };

  explicit NatsTarget(std::unique_ptr<NatsConnection> connection);
  void Run();

  const std::unique_ptr<NatsConnection> connection_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> threads_;  // last: they use the members above
};

// "billing.paynow.ON_REFUND". Characters that a subject must not have become "_".
std::string SubjectOf(absl::string_view prefix, const Message& message);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_FORWARD_NATS_TARGET_H_
