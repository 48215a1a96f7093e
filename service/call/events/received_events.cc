#include "service/call/events/received_events.h"

#include <cstdint>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "service/call/events/unsigned_events.h"
#include "service/events/event.h"
#include "service/log/log.h"
#include "upstream/mapping/wire.h"
#include "upstream/webhooks/scheme.h"

namespace gateway {
namespace {

using mapping::WireType;
using mapping::WireWriter;

// The fields of gateway.events.v1.PullResponse and ReceivedEvent. There is no generated C++ for
// these messages, because there is none for the upstreams' events that they contain.
constexpr uint32_t kEvents = 1;
enum Field : uint32_t {
  kAckId = 1,
  kNumber = 2,
  kReceiveTime = 3,
  kDeliveryAttempt = 4,
  kEvent = 5,
  kRaw = 6,
  kProblem = 7,
  kProvider = 8,
  kCurrent = 9,
  kOrigin = 10,
  kObject = 11,
  kAccount = 12,
  kVerifiedBy = 13,
};
constexpr int64_t kSweep = 1;  // a value of gateway.events.v1.Origin
// Values of gateway.events.v1.VerifiedBy.
constexpr int64_t kBySignature = 1;
constexpr int64_t kByRead = 2;
// Fields of gateway.webhooks.v1.ParseEventResponse.
enum EventField : uint32_t { kEventProvider = 1, kEventId = 2, kEventType = 3, kEventTime = 4 };
// Fields of gateway.events.v1.Current.
enum CurrentField : uint32_t { kResource = 1, kReadTime = 2, kReason = 3 };

void WriteBytes(uint32_t field, absl::string_view bytes, WireWriter& out) {
  out.Tag(field, WireType::kBytes);
  out.Bytes(bytes);
}

void WriteNumber(uint32_t field, int64_t number, WireWriter& out) {
  out.Tag(field, WireType::kVarint);
  out.Varint(static_cast<uint64_t>(number));
}

// Returns a serialized google.protobuf.Timestamp.
std::string SerializedTimestamp(absl::Time time) {
  std::string bytes;
  {
    WireWriter out(bytes);
    const int64_t seconds = absl::ToUnixSeconds(time);
    WriteNumber(1, seconds, out);
    WriteNumber(2, absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds)), out);
  }
  return bytes;
}

// Writes an event that a sweep has made: the event without a body, and the object that was read.
void ShowSwept(const events::Event& event, absl::string_view object, WireWriter& out) {
  std::string shown;
  {
    WireWriter fields(shown);
    WriteBytes(kEventProvider, event.head.provider, fields);
    WriteBytes(kEventType, event.head.type, fields);
    if (event.signed_time) WriteBytes(kEventTime, SerializedTimestamp(*event.signed_time), fields);
  }
  WriteBytes(kEvent, shown, out);
  WriteNumber(kOrigin, kSweep, out);
  WriteBytes(kObject, object, out);
}

// Writes what the gateway vouches for in an unsigned event: the type, which the read has confirmed,
// and an id made of what was read. All events that report the same have the same id.
void ShowWhatIsBorneOut(const events::Head& head, const Current& current, WireWriter& out) {
  out.Tag(kEvent, WireType::kBytes);
  const size_t mark = out.Begin();
  WriteBytes(kEventProvider, head.provider, out);
  WriteBytes(kEventId, absl::StrCat(head.type, "/", current.object_id), out);
  WriteBytes(kEventType, head.type, out);
  out.End(mark);
}

// Appends the fields of a ReceivedEvent.
void Show(const OpenedEvent& opened, const Current& current, absl::string_view ack_id,
          const webhooks::EventReader& reader, std::vector<mapping::Drift>& drift,
          WireWriter& out) {
  const events::Received& received = opened.received;
  const std::string& body = opened.body;
  const events::Head& head = received.event.event.head;
  WriteBytes(kAckId, ack_id, out);
  WriteNumber(kNumber, head.number, out);
  WriteBytes(kReceiveTime, SerializedTimestamp(head.received), out);
  WriteNumber(kDeliveryAttempt, received.attempt, out);
  if (!head.name.empty()) WriteBytes(kAccount, head.name, out);
  if (head.origin == events::Origin::kSweep) return ShowSwept(received.event.event, body, out);
  const bool is_unsigned = IsUnsigned(opened, reader.schemes());
  WriteNumber(kVerifiedBy, is_unsigned ? kByRead : kBySignature, out);
  if (is_unsigned) return ShowWhatIsBorneOut(head, current, out);
  const webhooks::Scheme* const scheme = reader.schemes().Find(head.provider);
  std::variant<webhooks::Event, webhooks::Unreadable> read =
      webhooks::Unreadable{"no webhooks are known of this provider"};
  if (scheme != nullptr) read = reader.Read(*scheme, body, received.event.event.signed_time);
  if (auto* const event = std::get_if<webhooks::Event>(&read)) {
    WriteBytes(kEvent, event->message, out);
    drift.insert(drift.end(), event->drift.begin(), event->drift.end());
    return;
  }
  WriteBytes(kRaw, body, out);
  WriteBytes(kProblem, std::get<webhooks::Unreadable>(read).problem, out);
  WriteBytes(kProvider, head.provider, out);
}

// Whether nothing was to be read for this event.
bool IsEmpty(const Current& current) { return current.resource.empty() && current.reason.empty(); }

void ShowCurrent(const Current& current, WireWriter& out) {
  out.Tag(kCurrent, WireType::kBytes);
  const size_t mark = out.Begin();
  if (current.resource.empty()) {
    WriteBytes(kReason, current.reason, out);
  } else {
    WriteBytes(kResource, current.resource, out);
    WriteBytes(kReadTime, SerializedTimestamp(current.time), out);
  }
  out.End(mark);
}

// `shown.response` is complete only when this returns, because the writer is destroyed then.
void WriteAll(const std::vector<OpenedEvent>& opened, const std::vector<Current>& currents,
              const std::string& subscription, const EventsInUse& events,
              const webhooks::EventReader& reader, ShownEvents& shown) {
  static const Current kNotAsked;
  WireWriter out(shown.response);
  for (size_t i = 0; i < opened.size(); ++i) {
    const events::Received& received = opened[i].received;
    const std::string ack_id =
        events::ToText(received.ack_id, events.log->ack_secret(), subscription);
    out.Tag(kEvents, WireType::kBytes);
    const size_t mark = out.Begin();
    const Current& current = i < currents.size() ? currents[i] : kNotAsked;
    Show(opened[i], current, ack_id, reader, shown.drift, out);
    if (!IsEmpty(current)) ShowCurrent(current, out);
    out.End(mark);
  }
}

}  // namespace

std::vector<OpenedEvent> OpenReceived(std::vector<events::Received> received,
                                      const EventsInUse& events) {
  std::vector<OpenedEvent> opened;
  opened.reserve(received.size());
  for (events::Received& one : received) {
    auto body = events::OpenBody(*events.cipher, one.event.key, one.event.sealed_body);
    if (!body.ok()) {
      Log(Severity::kError, "an event cannot be decrypted",
          {{"number", one.event.event.head.number},
           {"reason", std::string(body.status().message())}});
      continue;
    }
    opened.push_back({std::move(one), *std::move(body)});
  }
  return opened;
}

HandOuts::ByNumber HandOutsOf(const std::vector<OpenedEvent>& opened) {
  HandOuts::ByNumber hand_outs;
  for (const OpenedEvent& one : opened) {
    hand_outs[one.received.ack_id.number] = one.received.ack_id;
  }
  return hand_outs;
}

size_t CreditBytes(const std::vector<OpenedEvent>& opened, const std::vector<Current>& currents) {
  size_t bytes = 0;
  for (const OpenedEvent& one : opened) bytes += one.received.event.sealed_body.size();
  for (const Current& current : currents) bytes += current.resource.size();
  return bytes;
}

ShownEvents ShowEvents(const std::vector<OpenedEvent>& opened, const std::vector<Current>& currents,
                       const std::string& subscription, const EventsInUse& events,
                       const webhooks::EventReader& reader) {
  ShownEvents shown;
  WriteAll(opened, currents, subscription, events, reader, shown);
  return shown;
}

}  // namespace gateway
