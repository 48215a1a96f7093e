// Reads the body of a request, as long as its head says or in chunks (RFC 9112, 7.1), strictly and
// within limits:
//
//   chunk   = 1*16HEXDIG [ ";" extension ] CRLF data CRLF
//   last    = 1*16"0" [ ";" extension ] CRLF *( trailer CRLF ) CRLF
//
// Extensions and trailers are dropped: nobody needs them. Refused: a bare line end, a control byte,
// a folded trailer, and extensions and trailers of more than kMostDropped bytes together. Nothing
// but the body is kept, so what a peer sends beside it costs no memory.
//
//   BodyReader reader({.length = 17}, most);
//   size_t used = 0;
//   do used += reader.Feed(...); while (reader.state() == BodyReader::State::kReading);
//   if (reader.state() == BodyReader::State::kWhole) Use(reader.body());
//
// Thread-safety: none. Throws nothing but std::bad_alloc.
#ifndef SERVICE_EVENTS_RECEIVER_BODY_READER_H_
#define SERVICE_EVENTS_RECEIVER_BODY_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace gateway::events {

class BodyReader {
 public:
  // The most bytes that the extensions and trailers of one body may have together.
  static constexpr size_t kMostDropped = size_t{4} * 1024;

  enum class State : uint8_t {
    kReading,
    kWhole,
    kMalformed,
    kTooLarge,  // longer than `most`
  };

  struct Framing {
    bool chunked = false;
    uint64_t length = 0;  // of the body, if it is not chunked
  };
  // `most`: the bytes that a body may have.
  BodyReader(Framing framing, size_t most);

  // Returns how many of the bytes belong to the body: all of them while the state is kReading.
  size_t Feed(absl::string_view bytes);

  State state() const { return state_; }
  const std::string& body() const { return body_; }

 private:
  // What the next byte is.
  enum class Next : uint8_t {
    kSize,
    kExtension,
    kEndOfSize,  // the LF
    kData,
    kAfterData,     // the CR
    kEndOfData,     // the LF
    kTrailer,       // the first one of a trailer, or the CR of the end
    kInTrailer,     // a later one
    kEndOfTrailer,  // the LF
    kEnd,           // the LF
  };

  size_t FeedData(absl::string_view bytes);
  // Whether the byte may stand here.
  bool Take(char byte);
  bool TakeSize(char byte);
  bool TakeDropped(char byte, Next at_end);
  bool BeginData();
  bool Go(bool may, Next next);

  const size_t most_;
  State state_ = State::kReading;
  Next next_ = Next::kSize;
  const bool chunked_;
  size_t digits_ = 0;   // of the size that is being read
  uint64_t size_ = 0;   // of the chunk
  uint64_t left_ = 0;   // of the data
  size_t dropped_ = 0;  // bytes of extensions and trailers
  std::string body_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_RECEIVER_BODY_READER_H_
