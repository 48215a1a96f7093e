// The protobuf wire format, read from and written to plain bytes: no message object in between.
//
// WireReader never reads past its bytes; every Read* returns false on truncated or malformed input,
// after which the reader must not be used further. Views point into the bytes read. Fixed-width
// values are copied as they are: little-endian machines only.
#ifndef UPSTREAM_MAPPING_WIRE_H_
#define UPSTREAM_MAPPING_WIRE_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"
#include "upstream/mapping/byte_sink.h"

namespace gateway::mapping {

static_assert(std::endian::native == std::endian::little);

// Messages nested deeper than this are refused: protobuf's own parsers read no deeper.
inline constexpr int kMaxDepth = 100;

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Field numbers of the entries that a map is written as.
inline constexpr uint32_t kMapKey = 1;
inline constexpr uint32_t kMapValue = 2;

// One value as it stands on the wire: `bits` for numbers, `bytes` for strings, messages and packed
// arrays.
struct WireValue {
  WireType type = WireType::kVarint;
  uint64_t bits = 0;
  absl::string_view bytes;
};

class WireReader {
 public:
  explicit WireReader(absl::string_view bytes)
      : position_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool done() const { return position_ == end_; }
  const char* position() const { return position_; }

  bool ReadVarint(uint64_t& value) {
    if (ABSL_PREDICT_TRUE(position_ != end_ && static_cast<unsigned char>(*position_) < 0x80)) {
      value = static_cast<unsigned char>(*position_++);
      return true;
    }
    return ReadLongVarint(value);
  }

  bool ReadFixed64(uint64_t& value) {
    if (end_ - position_ < 8) return false;
    std::memcpy(&value, position_, 8);
    position_ += 8;
    return true;
  }

  // The next field: its number and its value. Groups and unknown wire types count as malformed.
  bool ReadField(uint32_t& number, WireValue& value) {
    uint64_t tag;
    if (!ReadVarint(tag) || (tag >> 3) == 0 || (tag >> 3) > 0x1fffffff) return false;
    number = static_cast<uint32_t>(tag >> 3);
    return ReadValue(static_cast<WireType>(tag & 7), value);
  }

  bool ReadValue(WireType type, WireValue& value) {
    value.type = type;
    switch (type) {
      case WireType::kVarint:
        return ReadVarint(value.bits);
      case WireType::kFixed64:
        return ReadFixed64(value.bits);
      case WireType::kBytes: {
        uint64_t size;
        if (!ReadVarint(size) || size > static_cast<uint64_t>(end_ - position_)) return false;
        value.bytes = absl::string_view(position_, size);
        position_ += size;
        return true;
      }
      case WireType::kFixed32: {
        if (end_ - position_ < 4) return false;
        uint32_t bits;
        std::memcpy(&bits, position_, 4);
        value.bits = bits;
        position_ += 4;
        return true;
      }
    }
    return false;
  }

 private:
  bool ReadLongVarint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (position_ == end_) return false;
      const auto byte = static_cast<unsigned char>(*position_++);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return shift < 63 || byte <= 1;
    }
    return false;
  }

  const char* position_;
  const char* end_;
};

// Appends to a string. The string is complete when the writer is destroyed (see ByteSink).
class WireWriter {
 public:
  explicit WireWriter(std::string& out) : out_(out) {}

  // For writing bytes that are not a field.
  ByteSink& sink() { return out_; }

  void Varint(uint64_t value) { out_.Advance(Encode(value, out_.Room(kMaxVarint))); }

  void Tag(uint32_t number, WireType type) {
    Varint(static_cast<uint64_t>(number) << 3 | static_cast<uint64_t>(type));
  }

  void Fixed64(uint64_t bits) {
    char buffer[8];
    std::memcpy(buffer, &bits, 8);
    out_.append(buffer, 8);
  }

  void Bytes(absl::string_view bytes) {
    char* const place = out_.Room(kMaxVarint + bytes.size());
    out_.Advance(Encode(bytes.size(), place));
    out_.append(bytes);
  }

  // A value whose length is known only afterwards: Begin returns a mark, End writes the length in
  // front. One byte is kept free for it; a value of 128 bytes or more is moved up to make room,
  // which costs less than measuring first.
  size_t Begin() {
    out_.push_back('\0');
    return out_.size();
  }

  void End(size_t mark) {
    const size_t size = out_.size() - mark;
    if (size < 0x80) {
      out_[mark - 1] = static_cast<char>(size);
      return;
    }
    char buffer[kMaxVarint];
    const char* const end = Encode(size, buffer);
    out_[mark - 1] = buffer[0];
    out_.insert(mark, buffer + 1, end - buffer - 1);
  }

 private:
  static constexpr size_t kMaxVarint = 10;

  // Returns the end.
  static char* Encode(uint64_t value, char* buffer) {
    while (value >= 0x80) {
      *buffer++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *buffer++ = static_cast<char>(value);
    return buffer;
  }

  ByteSink out_;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_WIRE_H_
