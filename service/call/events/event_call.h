// What the calls of gateway.events.v1.EventService have in common. The service hands received
// events to consumers until they acknowledge them.
//
// If a policy's rule has stores or upstreams, it covers only the subscriptions that the
// configuration limits to these stores or upstreams.
//
// The calls themselves: pull_call.h, streaming_pull_call.h, acknowledge_call.h, replay_call.h.
// event_service.h puts them together.
#ifndef SERVICE_CALL_EVENTS_EVENT_CALL_H_
#define SERVICE_CALL_EVENTS_EVENT_CALL_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "service/authorization/authorizer.h"
#include "service/call/events/current_reading.h"
#include "service/call/events/event_request.h"
#include "service/call/events/received_events.h"
#include "service/call/in_flight.h"
#include "service/call/method.h"
#include "service/call/served_call.h"
#include "service/events/event_log.h"
#include "service/generation/events_in_use.h"
#include "upstream/mapping/failure.h"
#include "upstream/steady_time.h"
#include "upstream/webhooks/current_reads.h"
#include "upstream/webhooks/event_reader.h"

namespace gateway {

// What the calls of the service share. All of it must outlive the calls.
struct EventSurroundings {
  EventsInUse& events;
  const webhooks::EventReader& reader;
  const webhooks::CurrentReads& current;
  // Calls that wait for an event. A drain ends these calls with AbortAll: each is answered at once
  // without events, and calls that begin later do not wait.
  InFlight& pulls;
};

class EventCall : public ServedCall {
 public:
  EventCall(const Surroundings& surroundings, Method& method, const EventSurroundings& shared,
            grpc::CallbackServerContext& context, grpc::ByteBuffer& reply)
      : ServedCall(surroundings, method, context, reply),
        surroundings_(surroundings),
        shared_(shared) {}

 protected:
  const EventSurroundings& shared() const { return shared_; }
  events::EventLog& log() { return *shared_.events.log; }

  void Reply(const google::protobuf::Message& message) {
    Conclude({mapping::Reply{message.SerializeAsString(), {}, ""}});
  }
  void Fail(mapping::Failure failure) { Conclude({std::move(failure)}); }

  // Returns the failure for an error of the log.
  static mapping::Failure FailureOf(const absl::Status& status);

  // Parses the message, and checks that the caller may use its subscription. If not, concludes the
  // call and returns false.
  template <typename Request>
  bool Accept(absl::string_view bytes, Request& request) {
    if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      Fail(event_request::Bad("", "the message cannot be read"));
      return false;
    }
    if (auto refusal = CheckSubscription(request.subscription())) {
      Fail(*std::move(refusal));
      return false;
    }
    return true;
  }

  // Whether objects have to be read before these events are handed out.
  bool MustRead(const std::vector<OpenedEvent>& opened, bool with_current) const;

  struct Reading {
    const std::string& subscription;
    bool with_current;
    SteadyTime deadline;
  };
  // Returns a reading of the objects that the events are about; the caller must start it. The
  // reading ends by `reading.deadline`, and within half of the subscription's acknowledgement
  // deadline.
  std::shared_ptr<CurrentReading> ReadingOf(const std::vector<OpenedEvent>& opened,
                                            const Reading& reading, CurrentReading::Done done);

  // Removes the unsigned events that the reading does not confirm (see unsigned_events.h).
  void TakeOutUntrue(const std::string& subscription, std::vector<OpenedEvent>& opened,
                     std::vector<Current>& currents);

  // The events as their consumer sees them.
  ShownEvents Shown(const std::vector<OpenedEvent>& opened, const std::vector<Current>& currents,
                    const std::string& subscription) {
    return ShowEvents(opened, currents, subscription, shared_.events, shared_.reader);
  }

  // Has the log do `what` with the events, and does not wait for the result.
  void GiveBack(const std::string& subscription, events::ModifyRequest::What what,
                std::vector<events::AckId> ids);

  // The subscription's name and the log's secret, with which ack ids are checked.
  event_request::Subscribed Subscribed(const std::string& name) {
    return {name, log().ack_secret()};
  }

 private:
  std::optional<mapping::Failure> CheckSubscription(const std::string& name);
  // Whether the caller may itself call this RPC for the store.
  bool MayRead(absl::string_view rpc, absl::string_view store);

  const Surroundings& surroundings_;
  const EventSurroundings& shared_;
  std::map<size_t, authorization::Admission> admissions_;  // for MayRead, by the number of the RPC
};

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_EVENT_CALL_H_
