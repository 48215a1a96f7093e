#include "service/events/receiver/strict_head.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace gateway::events {
namespace {

constexpr absl::string_view kLineEnd = "\r\n";
constexpr size_t kMostLengthDigits = 18;

absl::Status Bad(absl::string_view why) { return absl::InvalidArgumentError(why); }

// RFC 9110, 5.6.2.
bool IsToken(absl::string_view text) {
  constexpr absl::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(kMarks, c);
  });
}

// Visible characters, spaces, tabs, and bytes beyond ASCII.
bool IsValue(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool IsTarget(absl::string_view text) {
  return absl::StartsWith(text, "/") && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isgraph(static_cast<unsigned char>(c));
         });
}

absl::Status ReadRequestLine(absl::string_view line, Head11& head) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() != 3) return Bad("the request line has not three words");
  if (!IsToken(words[0])) return Bad("the method is no token");
  if (!IsTarget(words[1])) return Bad("the target is no path");
  if (words[2] != "HTTP/1.1") return Bad("the version is not HTTP/1.1");
  head.method = words[0];
  head.target = words[1];
  return absl::OkStatus();
}

absl::Status ReadField(absl::string_view line, Head11& head) {
  if (line.front() == ' ' || line.front() == '\t') return Bad("a field is folded");
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return Bad("a field has no colon");
  const absl::string_view name = line.substr(0, colon);
  if (!IsToken(name)) return Bad("a field's name is no token");
  const absl::string_view value = line.substr(colon + 1);
  if (!IsValue(value)) return Bad("a field's value has a control byte");
  if (head.fields.size() == kMostFields) return Bad("there are too many fields");
  head.fields.push_back({name, absl::StripAsciiWhitespace(value)});
  return absl::OkStatus();
}

// The values of the fields of this name.
std::vector<absl::string_view> ValuesOf(const Head11& head, absl::string_view name) {
  std::vector<absl::string_view> values;
  for (const webhooks::Header& field : head.fields) {
    if (absl::EqualsIgnoreCase(field.name, name)) values.push_back(field.value);
  }
  return values;
}

absl::Status ReadFraming(Head11& head) {
  const std::vector<absl::string_view> lengths = ValuesOf(head, "Content-Length");
  const std::vector<absl::string_view> encodings = ValuesOf(head, "Transfer-Encoding");
  if (lengths.size() + encodings.size() > 1) return Bad("there are two lengths");
  if (!encodings.empty()) {
    if (!absl::EqualsIgnoreCase(encodings[0], "chunked")) return Bad("the encoding is not chunked");
    head.chunked = true;
  }
  if (lengths.empty()) return absl::OkStatus();
  uint64_t length = 0;
  if (lengths[0].empty() || lengths[0].size() > kMostLengthDigits ||
      !std::all_of(lengths[0].begin(), lengths[0].end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(lengths[0], &length)) {
    return Bad("the length is no number");
  }
  head.content_length = length;
  return absl::OkStatus();
}

}  // namespace

bool MayBecomeHead(absl::string_view beginning) {
  if (absl::StrContains(beginning, '\0')) return false;
  for (size_t i = 0; i < beginning.size(); ++i) {
    const bool after_cr = i > 0 && beginning[i - 1] == '\r';
    if (after_cr != (beginning[i] == '\n')) return false;
  }
  return true;
}

absl::StatusOr<Head11> ReadStrictHead(absl::string_view text) {
  if (!absl::ConsumeSuffix(&text, "\r\n\r\n")) return Bad("the head has no end");
  Head11 head;
  bool first = true;
  for (const absl::string_view line : absl::StrSplit(text, kLineEnd)) {
    if (line.find_first_of(absl::string_view("\r\n\0", 3)) != absl::string_view::npos) {
      return Bad("a line has a bare line end, or a NUL");
    }
    if (line.empty()) return Bad("a line is empty");
    const absl::Status status = first ? ReadRequestLine(line, head) : ReadField(line, head);
    if (!status.ok()) return status;
    first = false;
  }
  if (ValuesOf(head, "Host").size() != 1) return Bad("there is not one Host");
  if (const absl::Status framing = ReadFraming(head); !framing.ok()) return framing;
  for (const absl::string_view value : ValuesOf(head, "Connection")) {
    for (const absl::string_view option : absl::StrSplit(value, ',')) {
      head.closes |= absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(option), "close");
    }
  }
  const std::vector<absl::string_view> expectations = ValuesOf(head, "Expect");
  if (expectations.size() > 1) return Bad("there are two expectations");
  if (!expectations.empty()) {
    if (!absl::EqualsIgnoreCase(expectations[0], "100-continue")) {
      return Bad("the expectation is not 100-continue");
    }
    head.expects_continue = true;
  }
  return head;
}

}  // namespace gateway::events
