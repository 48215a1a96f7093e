// What a stream of events has to tell its consumer, and what it has handed to it: the credits that
// are left, the events that wait to be written, the ack ids without effect, and how many of the
// consumer's messages are done. All of it goes out in the next StreamingPullResponse.
//
//   answers.Keep({"<events>", hand_outs, bytes});   a pull has found events
//   answers.Settle(); answers.AddStale("id");       acknowledgements are done
//   if (answers.any()) Write(answers.Take());
//   ... answers.hand_outs().Written() ...
//
// Thread-safety: none. Memory: one answer of events, and the ack ids of one message.
#ifndef SERVICE_CALL_EVENTS_STREAM_ANSWERS_H_
#define SERVICE_CALL_EVENTS_STREAM_ANSWERS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/call/events/hand_outs.h"
#include "service/call/events/pull_credits.h"

namespace gateway {

class StreamAnswers {
 public:
  struct Events {
    std::string message;           // a StreamingPullResponse with its events alone
    HandOuts::ByNumber hand_outs;  // one for each event
    size_t bytes = 0;              // what they take of the consumer's credits
  };

  PullCredits& credits() { return credits_; }
  HandOuts& hand_outs() { return hand_outs_; }

  // Takes the credits. Only while no events wait.
  void Keep(Events events);
  bool has_events() const { return events_.has_value(); }
  // Nobody will write the events that wait: what is to be given back.
  HandOuts::ByNumber DropEvents();

  // One more message of the consumer is done.
  void Settle() { ++settled_; }
  void AddStale(std::string ack_id) { stale_.push_back(std::move(ack_id)); }
  size_t stale() const { return stale_.size(); }
  // An answer goes out even if there are no events.
  void MustTell() { must_tell_ = true; }
  bool must_tell() const { return must_tell_; }

  bool any() const { return must_tell_ || has_events(); }
  // The serialized response. Its hand-outs count as being written.
  std::string Take();

 private:
  PullCredits credits_;
  HandOuts hand_outs_;
  std::optional<Events> events_;
  std::vector<std::string> stale_;
  int64_t settled_ = 0;
  bool must_tell_ = false;
};

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_STREAM_ANSWERS_H_
