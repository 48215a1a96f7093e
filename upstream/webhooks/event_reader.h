// Converts the JSON of a verified webhook to a serialized gateway.webhooks.v1.ParseEventResponse.
// The option gateway.webhooks.v1.event says which events go into which field.
//
//   absl::StatusOr<std::unique_ptr<const EventReader>> reader = EventReader::Create(schemes);
//   std::variant<Event, Unreadable> event = (*reader)->Read(scheme, body, signed_time);
//
// Reads an event as leniently as the gateway reads any reply of an upstream (see
// mapping/wire_from_json.h and json_mend.h): unknown and missing members are reported as drift. An
// id or a time that cannot be read is left out and reported as drift. If a documented body has a
// value that its field cannot hold, the event is unreadable. An event that no field is for is kept
// whole, in the field `other`.
//
// Thread-safety: immutable, may be used from any thread. Lifetime: a Drift points into the reader.
#ifndef UPSTREAM_WEBHOOKS_EVENT_READER_H_
#define UPSTREAM_WEBHOOKS_EVENT_READER_H_

#include <google/protobuf/descriptor.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/drift.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/plan.h"
#include "upstream/webhooks/scheme.h"

namespace gateway::webhooks {

struct Event {
  std::string message;  // a serialized ParseEventResponse
  std::vector<mapping::Drift> drift;
};

// The data of an event outside of its body.
struct Envelope {
  std::string id;
  std::string type;
  std::optional<mapping::Instant> time;
};

struct Unreadable {
  std::string problem;  // "body.lines[2].price: expected an integer". Holds no value.
};

class EventReader {
 public:
  // INVALID_ARGUMENT names the field of the proto that does not fit.
  static absl::StatusOr<std::unique_ptr<const EventReader>> Create(const Schemes& schemes);

  // Like Create, but for another message with the fields of ParseEventResponse.
  static absl::StatusOr<std::unique_ptr<const EventReader>> CreateFor(
      const Schemes& schemes, const google::protobuf::Descriptor& response);

  const Schemes& schemes() const { return schemes_; }

  // `signed_time` is used if the event has no time of its own.
  std::variant<Event, Unreadable> Read(const Scheme& scheme, absl::string_view json,
                                       std::optional<absl::Time> signed_time) const;

 private:
  struct Json;  // a parsed body; not defined here, to keep simdjson out of this header
  using EventName = std::pair<std::string, std::string>;  // provider and type

  explicit EventReader(const Schemes& schemes) : schemes_(schemes) {}
  absl::Status AddField(const google::protobuf::FieldDescriptor& field);
  void WriteEnvelope(const Scheme& scheme, const Envelope& envelope, std::string& out) const;
  // Both append to `message`, and return what is wrong, or "". ReadJson reads the whole event.
  // ReadBody reads the document into the field for this type.
  std::string ReadJson(const Scheme& scheme, absl::string_view json, bool mended,
                       std::optional<absl::Time> signed_time, mapping::DriftList& drift,
                       std::string& message) const;
  std::string ReadBody(const Scheme& scheme, const std::string& type, Json& json,
                       mapping::DriftList& drift, std::string& message) const;

  const Schemes schemes_;
  mapping::Plans plans_;
  mapping::MessagePlan response_;  // only its name is set; its fields are below
  uint32_t provider_ = 0;          // numbers of the fields that every event has
  uint32_t event_id_ = 0;
  uint32_t type_ = 0;
  uint32_t time_ = 0;
  mapping::FieldPlan other_;
  absl::flat_hash_map<EventName, mapping::FieldPlan> bodies_;
};

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_EVENT_READER_H_
