#include "service/call/events/stream_answers.h"

#include "upstream/mapping/wire.h"

namespace gateway {
namespace {

using mapping::WireType;
using mapping::WireWriter;

// The fields of StreamingPullResponse, beside its events.
enum ResponseField : uint32_t {
  kStaleAckIds = 2,
  kSettledRequests = 3,
  kEventsLeft = 4,
  kBytesLeft = 5
};

void WriteCount(uint32_t field, int64_t number, WireWriter& out) {
  if (number == 0) return;
  out.Tag(field, WireType::kVarint);
  out.Varint(static_cast<uint64_t>(number));
}

}  // namespace

void StreamAnswers::Keep(Events events) {
  credits_.Spend(events.hand_outs.size(), events.bytes);
  events_ = std::move(events);
}

HandOuts::ByNumber StreamAnswers::DropEvents() {
  if (!events_) return {};
  return std::exchange(events_, std::nullopt)->hand_outs;
}

std::string StreamAnswers::Take() {
  std::string message;
  if (events_) {
    message = std::move(events_->message);
    hand_outs_.Writing(std::move(events_->hand_outs));
    events_.reset();
  }
  {
    WireWriter out(message);  // its destructor completes the message
    for (const std::string& id : stale_) {
      out.Tag(kStaleAckIds, WireType::kBytes);
      out.Bytes(id);
    }
    WriteCount(kSettledRequests, settled_, out);
    WriteCount(kEventsLeft, credits_.events(), out);
    WriteCount(kBytesLeft, credits_.bytes(), out);
  }
  stale_.clear();
  must_tell_ = false;
  return message;
}

}  // namespace gateway
