// Reads anew what events are about, before they are handed out: the events of one answer at a time,
// some reads at once, and each thing once however many events are about it.
//
//   auto reading = CurrentReading::Create(reads, terms, questions,
//                                         [](std::vector<Current> all) { ... });
//   reading->Start();
//   reading->Stop();  // any thread, at any time: what is not there yet is CANCELLED
//
// The reads go through the upstreams' ordinary clients: limits, keys, retries, deadline. A read
// that fails costs its event nothing but the answer: the reason stands in its place.
//
// Thread-safety: may be used from any thread. Lifetime: it holds itself until `done` was called;
// what the terms refer to outlives that. `done` is called once, perhaps before Start returns, on
// a thread that must not be blocked.
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

// How things stand that an event is about, or why that is not known.
struct Current {
  std::string resource = {};  // a serialized google.protobuf.Any; "": see `reason`
  absl::Time time = {};       // when the answer was there
  std::string reason = {};
  // What the read says of the event itself; kUnknown where it failed, or proves nothing.
  enum Truth { kUnknown, kBornOut, kNotBornOut, kAbsent } truth = kUnknown;
  std::string object_id = {};  // of what bears it out; "" where nothing does
};

class CurrentReading : public std::enable_shared_from_this<CurrentReading> {
 public:
  // Reads that are under way at a time.
  static constexpr size_t kMost = 8;
  // What one answer carries beside its events.
  static constexpr size_t kMostBytes = size_t{1} << 20;

  struct Terms {
    std::shared_ptr<const Generation> generation;
    KeyRenewal* renewal = nullptr;
    size_t caller = 0;
    SteadyTime deadline;
    // Whether the caller may call the RPC ("package.Service/Method") for the store itself.
    std::function<bool(absl::string_view rpc, absl::string_view store)> may_read;
  };

  // What is to be read of one event.
  struct Question {
    bool is_asked = false;  // else nothing is
    // It is read for the gateway itself, which believes the event by it.
    bool proves = false;
    std::optional<webhooks::CurrentRead> read = {};  // nullopt: nothing shows what it is about
  };
  // One for each event, in their order.
  using Questions = std::vector<Question>;
  using Done = absl::AnyInvocable<void(std::vector<Current>)>;

  static std::shared_ptr<CurrentReading> Create(const webhooks::CurrentReads& reads, Terms terms,
                                                Questions questions, Done done);
  void Start() { Advance(); }
  void Stop();

 private:
  // One thing to read, for all events that are about it.
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
  // The reason why it is not read; "" where it joined the units.
  std::string Add(webhooks::CurrentRead read, bool proves, std::vector<size_t> places);
  Current CurrentOf(const Unit& unit, const Answer& answer) const;
  CallTerms TermsOf(std::shared_ptr<const Credentials> credentials) const;
  void Advance();
  void Send(Unit& unit);
  void OnAnswer(Unit& unit, Answer answer);
  void Fill(const Unit& unit, const Current& current) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const webhooks::CurrentReads& reads_;
  const Terms terms_;
  std::vector<Unit> units_;  // constant once they are prepared, but for their calls

  Mutex mutex_;
  Done done_ ABSL_GUARDED_BY(mutex_);  // null: it was called
  std::vector<Current> currents_ ABSL_GUARDED_BY(mutex_);
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;  // of units_
  size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_CURRENT_READING_H_
