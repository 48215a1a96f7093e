// Checks the fields of consumers' messages, and turns them into requests to the log. A failure
// names the field that is wrong.
//
// Thread-safety: pure functions.
#ifndef SERVICE_CALL_EVENTS_EVENT_REQUEST_H_
#define SERVICE_CALL_EVENTS_EVENT_REQUEST_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_field.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/events/v1/requests.pb.h"
#include "service/events/ack_id.h"
#include "service/events/event_log.h"
#include "upstream/mapping/failure.h"

namespace gateway::event_request {

// The most events, ack ids or numbers that one message may be about.
inline constexpr int kMost = 1000;

using Texts = google::protobuf::RepeatedPtrField<std::string>;

// Returns INVALID_ARGUMENT for the field. `field` is "" for the message as a whole.
mapping::Failure Bad(const char* field, absl::string_view description);

// Returns how many events or rows are asked for; 0 stands for 100. Returns nullopt if the number is
// negative or above kMost.
std::optional<size_t> SizeOf(int32_t asked);

// A subscription's name, and the log's secret, with which ack ids are checked.
struct Subscribed {
  const std::string& name;
  const std::string& secret;
};

// Parses 1 to kMost ack ids. UNAVAILABLE if the log's secret is still empty.
std::variant<std::vector<events::AckId>, mapping::Failure> AckIds(const Subscribed& subscribed,
                                                                  const char* field,
                                                                  const Texts& texts);

// Returns a request, still without ack ids, that extends the deadline, or that gives the events
// back if `deadline` is 0. If `deadline` is null, the field is not set, which is a failure.
std::variant<events::ModifyRequest, mapping::Failure> NewDeadline(
    const std::string& subscription, const google::protobuf::Duration* deadline);

// One request to the log, and its ack ids as the consumer wrote them.
struct Modification {
  events::ModifyRequest request;
  Texts texts;
};

// Returns the acknowledgements and the changes of deadlines that a message of a stream asks for.
std::variant<std::vector<Modification>, mapping::Failure> Modifications(
    const Subscribed& subscribed, const events::v1::StreamingPullRequest& request);

}  // namespace gateway::event_request

#endif  // SERVICE_CALL_EVENTS_EVENT_REQUEST_H_
