// Collects the content of a stream's next StreamingPullResponse: the events that wait to be
// written, the ack ids without effect, how many of the consumer's messages are done, and the
// credits that are left. Also keeps the hand-outs of the stream.
//
//   answers.Keep({"<events>", hand_outs, bytes});   a pull has found events
//   answers.Settle(); answers.AddStale("id");       acknowledgements are done
//   if (answers.any()) Write(answers.Take());
//   ... answers.hand_outs().Written() ...
//
// Thread-safety: none. Memory: one answer of events, and ack ids without effect: the stream reads
// no further message while event_request::kMost of them wait.
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
    std::string message;           // a serialized StreamingPullResponse with events only
    HandOuts::ByNumber hand_outs;  // one for each event
    size_t bytes = 0;              // counted against the consumer's credits
  };

  PullCredits& credits() { return credits_; }
  HandOuts& hand_outs() { return hand_outs_; }

  // Keeps the events for the next answer, and spends their credits. Only if !has_events().
  void Keep(Events events);
  bool has_events() const { return events_.has_value(); }
  // Drops the events that wait, and returns their hand-outs, which the caller must give back.
  HandOuts::ByNumber DropEvents();

  // Counts one more message of the consumer as done.
  void Settle() { ++settled_; }
  void AddStale(std::string ack_id) { stale_.push_back(std::move(ack_id)); }
  size_t stale() const { return stale_.size(); }
  // Makes any() true, so that an answer goes out even without events.
  void MustTell() { must_tell_ = true; }
  bool must_tell() const { return must_tell_; }

  bool any() const { return must_tell_ || has_events(); }
  // Returns the serialized response. Its events then count as being written.
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
