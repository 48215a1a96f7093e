// Reads from the upstreams the objects that events are about, before the events are handed out. A
// CurrentReading is for the events of one answer. It has at most kMost reads under way, and reads
// an object once for all events about it.
//
//   auto reading = CurrentReading::Create(reads, terms, questions,
//                                         [](std::vector<Current> all) { ... });
//   reading->Start();
//   reading->Stop();  // any thread, at any time: unfinished reads end as CANCELLED
//
// The reads go through the upstreams' ordinary clients: limits, keys, retries, deadline. If a read
// fails, its Current has the reason instead of the object.
//
// Thread-safety: may be used from any thread. Lifetime: keeps itself alive until `done` was called;
// `reads` and what the terms refer to must live until then. `done` is called once, perhaps before
// Start returns, on a thread that must not be blocked.
#ifndef SERVICE_CALL_EVENTS_CURRENT_READING_H_
#define SERVICE_CALL_EVENTS_CURRENT_READING_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/generation/generation.h"
#include "upstream/begun_call.h"
#include "upstream/credentials.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"
#include "upstream/webhooks/current_reads.h"

namespace gateway {

// The current state of the object that an event is about, or the reason why it is not known.
struct Current {
  std::string resource = {};  // a serialized google.protobuf.Any; "": see `reason`
  absl::Time time = {};       // when the upstream had answered
  std::string reason = {};
  // Whether the read confirms the event. kAbsent: the upstream has no such object, or the event
  // names no object, or none that a request could name, so the event is not true. kNotBornOut: also
  // if the upstream refuses to read an object of this id. kUnknown: nothing was read, or the read
  // failed.
  enum Truth { kUnknown, kBornOut, kNotBornOut, kAbsent } truth = kUnknown;
  std::string object_id = {};  // of what bears it out; "" where nothing does
};

class CurrentReading : public std::enable_shared_from_this<CurrentReading> {
 public:
  // The most reads that are under way at a time.
  static constexpr size_t kMost = 8;
  // The most bytes of objects that one answer carries beside its events.
  static constexpr size_t kMostBytes = size_t{1} << 20;

  struct Terms {
    std::shared_ptr<const Generation> generation;
    KeyRenewal* renewal = nullptr;
    size_t caller = 0;
    SteadyTime deadline;
    // Whether the caller may itself call the RPC ("package.Service/Method") for the store.
    std::function<bool(absl::string_view rpc, absl::string_view store)> may_read;
  };

  // What to read for one event.
  struct Question {
    bool is_asked = false;  // false: nothing is read
    // The gateway itself reads, to find out whether the event is true. The caller needs no right to
    // read.
    bool proves = false;
    std::optional<webhooks::CurrentRead> read = {};  // nullopt: no RPC reads the object
  };
  // One question for each event, in the order of the events.
  using Questions = std::vector<Question>;
  using Done = absl::AnyInvocable<void(std::vector<Current>)>;

  static std::shared_ptr<CurrentReading> Create(const webhooks::CurrentReads& reads, Terms terms,
                                                Questions questions, Done done);
  void Start() { Advance(); }
  void Stop();

 private:
  // One object to read, for all events that are about it (`places`).
  struct Unit {
    webhooks::CurrentRead read;
    Client* client;
    std::shared_ptr<const Credentials> credentials;
    PreparedCall call;
    std::vector<size_t> places;
    std::shared_ptr<BegunCall> begun = std::make_shared<BegunCall>();
  };

  CurrentReading(const webhooks::CurrentReads& reads, Terms terms, Done done)
      : reads_(reads), terms_(std::move(terms)), done_(std::move(done)) {}

  void Prepare(Questions questions);
  // Adds a unit, and returns a Current without a reason. If the object cannot or must not be read,
  // returns the Current that says so.
  Current Add(webhooks::CurrentRead read, bool proves, std::vector<size_t> places);
  Current CurrentOf(const Unit& unit, const Answer& answer) const;
  CallTerms TermsOf(std::shared_ptr<const Credentials> credentials) const;
  void Advance();
  void Send(Unit& unit);
  void OnAnswer(Unit& unit, Answer answer);
  void Fill(const Unit& unit, const Current& current) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const webhooks::CurrentReads& reads_;
  const Terms terms_;
  std::vector<Unit> units_;  // not changed after Prepare, except their calls

  Mutex mutex_;
  Done done_ ABSL_GUARDED_BY(mutex_);  // null after it was called
  std::vector<Current> currents_ ABSL_GUARDED_BY(mutex_);
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;  // the next of units_ to send
  size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_CURRENT_READING_H_
