// What a consumer's message asks of the log, checked: field by field, with a failure that names the
// field.
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

// INVALID_ARGUMENT for a field; "": the message as a whole.
mapping::Failure Bad(const char* field, absl::string_view description);

// How many are asked for, where 0 stands for the usual number. Nothing where it is out of bounds.
std::optional<size_t> SizeOf(int32_t asked);

// `secret` is the log's, for ack ids.
struct Subscribed {
  const std::string& name;
  const std::string& secret;
};

// The ids of 1 to kMost texts.
std::variant<std::vector<events::AckId>, mapping::Failure> AckIds(const Subscribed& subscribed,
                                                                  const char* field,
                                                                  const Texts& texts);

// More time or, where the deadline is 0, that the events are given back; without ack ids yet. Null:
// it is not set, which is a failure.
std::variant<events::ModifyRequest, mapping::Failure> NewDeadline(
    const std::string& subscription, const google::protobuf::Duration* deadline);

// One request to the log, and its ack ids as the consumer wrote them.
struct Modification {
  events::ModifyRequest request;
  Texts texts;
};

// What a message of a stream acknowledges, and which deadlines it changes.
std::variant<std::vector<Modification>, mapping::Failure> Modifications(
    const Subscribed& subscribed, const events::v1::StreamingPullRequest& request);

}  // namespace gateway::event_request

#endif  // SERVICE_CALL_EVENTS_EVENT_REQUEST_H_
