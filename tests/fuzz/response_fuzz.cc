// Fuzzes what an upstream can send over a connection: the bytes of a reply.
//
// The first line of an input says how the bytes arrive. Its first letter says how the connection
// ends after them: 'c' orderly close, 'r' reset; otherwise it stays open. Each further letter is
// the size of a slice, in turn; without any, the bytes arrive in one piece.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/fuzz/require.h"
#include "upstream/http/response_reader.h"

namespace gateway::fuzz {
namespace {

using http::ResponseReader;
using State = ResponseReader::State;

// Small, so that inputs reach the limits.
constexpr size_t kMaxHeaders = 512;
constexpr size_t kMaxBody = 40'000;

struct Input {
  char end = ' ';
  absl::string_view slices = "";
  absl::string_view bytes = "";
};

Input Split(absl::string_view input) {
  const size_t line = std::min(input.find('\n'), input.size());
  Input split;
  if (line > 0) split.end = input.front();
  if (line > 0) split.slices = input.substr(1, line - 1);
  split.bytes = input.substr(std::min(line + 1, input.size()));
  return split;
}

// Returns everything that a caller sees of a complete reply. On a kept connection it also matters
// which bytes belong to the reply; otherwise nobody reads the remaining bytes.
std::string Complete(ResponseReader& reader, size_t used) {
  const bool keeps = reader.keeps_connection();
  const std::string keep_alive =
      reader.keep_alive() ? absl::FormatDuration(*reader.keep_alive()) : "none";
  const http::Response response = reader.Take();
  const bool whole = response.body_state == http::Body::kWhole;
  Require(response.status >= 200 && response.status <= 999, "a final reply has a final status");
  Require(response.body.size() <= kMaxBody, "a body is within the limit");
  Require(whole || response.body.empty(), "a body is whole or not there");
  Require(!whole || response.body.capacity() - response.body.size() >= http::kBodyPadding,
          "a body has room behind it");
  Require(whole || !keeps, "a connection on which a reply was not read is not kept");
  return absl::StrCat(response.status, "\n", response.headers, "\n", response.body, "\nbody ",
                      static_cast<int>(response.body_state),
                      keeps ? absl::StrCat(", keeps, used ", used, ", ", keep_alive) : "");
}

std::string Verdict(ResponseReader& reader, size_t used) {
  switch (reader.state()) {
    case State::kComplete:
      return Complete(reader, used);
    case State::kBroken:
    case State::kTooLarge:
      Require(!reader.has_head(), "behind a complete head the status decides");
      return reader.state() == State::kBroken ? "broken" : "too large";
    case State::kReading:
      break;
  }
  if (!reader.has_head()) return "reading the head";
  const http::Response head = reader.TakeHead();
  Require(head.body_state == http::Body::kCutShort && head.body.empty(), "a head has no body");
  return absl::StrCat("reading the body of ", head.status, "\n", head.headers);
}

// Feeds the bytes in slices; empty `slices` means one piece.
std::string Read(ResponseReader& reader, const Input& input, absl::string_view slices) {
  reader.Begin();
  Require(reader.state() == State::kReading && !reader.has_head() && !reader.keep_alive(),
          "Begin forgets the last reply");
  size_t used = 0;
  for (size_t i = 0; used < input.bytes.size() && reader.state() == State::kReading; ++i) {
    const size_t size = slices.empty()
                            ? input.bytes.size()
                            : std::max<size_t>(1, static_cast<uint8_t>(slices[i % slices.size()]));
    // Each slice is a separate copy, so that sanitizers detect reads past its end or after its
    // lifetime.
    const std::string slice(input.bytes.substr(used, size));
    const size_t count = reader.Feed(slice);
    Require(count <= slice.size(), "no more bytes are used than given");
    Require(count == slice.size() || reader.state() != State::kReading, "a part is read wholly");
    used += count;
  }
  if (input.end == 'c' || input.end == 'r') {
    reader.End(input.end == 'c');
    Require(reader.state() != State::kReading, "nothing follows the end");
  }
  return Verdict(reader, used);
}

void Try(absl::string_view bytes) {
  const Input input = Split(bytes);
  ResponseReader fresh(kMaxHeaders, kMaxBody);
  const std::string whole = Read(fresh, input, "");
  ResponseReader reader(kMaxHeaders, kMaxBody);
  Require(Read(reader, input, input.slices) == whole, "slices do not change what a reply says");
  Require(Read(reader, input, "\x01") == whole, "single bytes do not change what a reply says");
  // The reader is in whatever state the input left it.
  constexpr absl::string_view kNext = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok";
  Require(Read(reader, {.bytes = kNext}, "") == Read(fresh, {.bytes = kNext}, "\x03"),
          "the last reply does not change the next");
}

}  // namespace
}  // namespace gateway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gateway::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
