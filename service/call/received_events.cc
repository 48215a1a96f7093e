#include "service/call/received_events.h"

#include <cstdint>
#include <utility>
#include <variant>

#include "service/events/event.h"
#include "service/log/log.h"
#include "upstream/mapping/wire.h"
#include "upstream/webhooks/scheme.h"

namespace gateway {
namespace {

using mapping::WireType;
using mapping::WireWriter;

// The fields of gateway.events.v1.PullResponse and ReceivedEvent. No C++ is generated for a message
// that holds upstreams' events: there is none for those.
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
};

void WriteBytes(uint32_t field, absl::string_view bytes, WireWriter& out) {
  out.Tag(field, WireType::kBytes);
  out.Bytes(bytes);
}

void WriteNumber(uint32_t field, int64_t number, WireWriter& out) {
  out.Tag(field, WireType::kVarint);
  out.Varint(static_cast<uint64_t>(number));
}

// A google.protobuf.Timestamp.
std::string TimestampOf(absl::Time time) {
  std::string bytes;
  {
    WireWriter out(bytes);
    const int64_t seconds = absl::ToUnixSeconds(time);
    WriteNumber(1, seconds, out);
    WriteNumber(2, absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds)), out);
  }
  return bytes;
}

// Appends the fields of a ReceivedEvent.
void Show(const events::Received& received, absl::string_view body, absl::string_view ack_id,
          const webhooks::EventReader& reader, std::vector<mapping::Drift>& drift,
          WireWriter& out) {
  const events::Head& head = received.event.event.head;
  WriteBytes(kAckId, ack_id, out);
  WriteNumber(kNumber, head.number, out);
  WriteBytes(kReceiveTime, TimestampOf(head.received), out);
  WriteNumber(kDeliveryAttempt, received.attempt, out);
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

// `shown.response` is complete when this returns: the writer is gone then.
void WriteAll(const std::vector<events::Received>& received, const std::string& subscription,
              const EventsInUse& events, const webhooks::EventReader& reader, ShownEvents& shown) {
  WireWriter out(shown.response);
  for (const events::Received& one : received) {
    const auto body = events::OpenBody(*events.cipher, one.event.key, one.event.sealed_body);
    if (!body.ok()) {
      Log(Severity::kError, "an event cannot be decrypted",
          {{"number", one.event.event.head.number},
           {"reason", std::string(body.status().message())}});
      continue;
    }
    const std::string ack_id = events::ToText(one.ack_id, events.log->ack_secret(), subscription);
    out.Tag(kEvents, WireType::kBytes);
    const size_t mark = out.Begin();
    Show(one, *body, ack_id, reader, shown.drift, out);
    out.End(mark);
  }
}

}  // namespace

ShownEvents ShowReceived(const std::vector<events::Received>& received,
                         const std::string& subscription, const EventsInUse& events,
                         const webhooks::EventReader& reader) {
  ShownEvents shown;
  WriteAll(received, subscription, events, reader, shown);
  return shown;
}

}  // namespace gateway
