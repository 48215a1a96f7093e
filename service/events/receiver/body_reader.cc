#include "service/events/receiver/body_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace gateway::events {
namespace {

constexpr size_t kMostDigits = 16;

// Returns the value of a hexadecimal digit. `digit` must be one.
uint64_t ValueOf(char digit) {
  if (absl::ascii_isdigit(static_cast<unsigned char>(digit))) return digit - '0';
  return absl::ascii_tolower(static_cast<unsigned char>(digit)) - 'a' + 10;
}

// Visible characters, spaces, tabs, and bytes beyond ASCII.
bool IsText(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

BodyReader::BodyReader(Framing framing, size_t most) : most_(most), chunked_(framing.chunked) {
  if (chunked_) return;
  left_ = framing.length;
  next_ = Next::kData;
  if (left_ > most_) {
    state_ = State::kTooLarge;
  } else if (left_ == 0) {
    state_ = State::kWhole;
  } else {
    body_.reserve(static_cast<size_t>(left_));
  }
}

size_t BodyReader::Feed(absl::string_view bytes) {
  size_t used = 0;
  while (state_ == State::kReading && used < bytes.size()) {
    if (next_ == Next::kData) {
      used += FeedData(bytes.substr(used));
    } else if (!Take(bytes[used++]) && state_ == State::kReading) {
      state_ = State::kMalformed;
    }
  }
  return used;
}

size_t BodyReader::FeedData(absl::string_view bytes) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  body_.append(bytes.data(), size);
  left_ -= size;
  if (left_ > 0) return size;
  if (chunked_) {
    next_ = Next::kAfterData;
  } else {
    state_ = State::kWhole;
  }
  return size;
}

bool BodyReader::Take(char byte) {
  switch (next_) {
    case Next::kSize:
      return TakeSize(byte);
    case Next::kExtension:
      return TakeDropped(byte, Next::kEndOfSize);
    case Next::kEndOfSize:
      return byte == '\n' && BeginData();
    case Next::kData:
      return false;
    case Next::kAfterData:
      return Go(byte == '\r', Next::kEndOfData);
    case Next::kEndOfData:
      return Go(byte == '\n', Next::kSize);
    case Next::kTrailer:
      if (byte == '\r') return Go(true, Next::kEnd);
      return byte != ' ' && byte != '\t' && TakeDropped(byte, Next::kEndOfTrailer);
    case Next::kInTrailer:
      return TakeDropped(byte, Next::kEndOfTrailer);
    case Next::kEndOfTrailer:
      return Go(byte == '\n', Next::kTrailer);
    case Next::kEnd:
      if (byte == '\n') state_ = State::kWhole;
      return byte == '\n';
  }
  return false;
}

bool BodyReader::Go(bool may, Next next) {
  next_ = next;
  return may;
}

bool BodyReader::TakeSize(char byte) {
  if (absl::ascii_isxdigit(static_cast<unsigned char>(byte))) {
    size_ = size_ << 4 | ValueOf(byte);
    return ++digits_ <= kMostDigits;
  }
  if (byte == '\r') return Go(digits_ > 0, Next::kEndOfSize);
  return byte == ';' && digits_ > 0 && TakeDropped(byte, Next::kEndOfSize);
}

// A byte of an extension or a trailer, or the CR behind it.
bool BodyReader::TakeDropped(char byte, Next at_end) {
  if (byte == '\r') return Go(true, at_end);
  return Go(IsText(byte) && ++dropped_ <= kMostDropped,
            at_end == Next::kEndOfSize ? Next::kExtension : Next::kInTrailer);
}

bool BodyReader::BeginData() {
  left_ = size_;
  size_ = digits_ = 0;
  if (left_ > most_ - body_.size()) {
    state_ = State::kTooLarge;
    return false;
  }
  return Go(true, left_ == 0 ? Next::kTrailer : Next::kData);
}

}  // namespace gateway::events
