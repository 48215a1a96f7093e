#include "service/telemetry/trace_context.h"

#include <algorithm>
#include <cstring>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace gateway {
namespace {

// traceparent = version "-" trace-id "-" parent-id "-" flags: 2, 32, 16 and 2 HEXDIGLC.
constexpr size_t kParentLength = 55;
constexpr uint64_t kInvalidVersion = 0xff;
constexpr uint64_t kSampled = 0x01;

// The limits of tracestate (3.3.1), and how much of it must be passed on (3.3.1.5).
constexpr size_t kMaxMembers = 32;
constexpr size_t kMaxState = 512;
constexpr size_t kLongMember = 128;
constexpr size_t kMaxKey = 256;
constexpr size_t kMaxTenant = 241;
constexpr size_t kMaxSystem = 14;
constexpr size_t kMaxValue = 256;

// Lower case only.
bool ReadHex(absl::string_view digits, uint64_t& value) {
  value = 0;
  for (const char c : digits) {
    const bool letter = c >= 'a' && c <= 'f';
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c)) && !letter) return false;
    value = value << 4 | static_cast<uint64_t>(letter ? c - 'a' + 10 : c - '0');
  }
  return true;
}

// A later version may have more fields after another dash. The fields of version 00 stay in place.
std::optional<TraceContext> ReadParent(absl::string_view text) {
  if (text.size() < kParentLength) return std::nullopt;
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  TraceContext context;
  uint64_t version;
  uint64_t flags;
  const bool hex =
      ReadHex(text.substr(0, 2), version) && ReadHex(text.substr(3, 16), context.trace_id.high) &&
      ReadHex(text.substr(19, 16), context.trace_id.low) &&
      ReadHex(text.substr(36, 16), context.span_id) && ReadHex(text.substr(53, 2), flags);
  if (!hex || version == kInvalidVersion) return std::nullopt;
  const bool longer = text.size() > kParentLength;
  if (longer && (version == 0 || text[kParentLength] != '-')) return std::nullopt;
  if (context.trace_id == TraceId() || context.span_id == 0) return std::nullopt;
  context.sampled = (flags & kSampled) != 0;
  return context;
}

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsKeyPart(absl::string_view text, size_t limit, bool digit_may_lead) {
  if (text.empty() || text.size() > limit) return false;
  if (!IsLower(text.front()) && !(digit_may_lead && IsDigit(text.front()))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsLower(c) || IsDigit(c) || c == '_' || c == '-' || c == '*' || c == '/';
  });
}

// key = lcalpha 0*255(rest) / (lcalpha / DIGIT) 0*240(rest) "@" lcalpha 0*13(rest)
bool IsKey(absl::string_view text) {
  const size_t at = text.find('@');
  if (at == absl::string_view::npos) return IsKeyPart(text, kMaxKey, false);
  return IsKeyPart(text.substr(0, at), kMaxTenant, true) &&
         IsKeyPart(text.substr(at + 1), kMaxSystem, false);
}

// value = 0*255(chr) nblk-chr: printable ASCII without "," and "=", no space at its end
bool IsValue(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxValue && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

absl::string_view KeyOf(absl::string_view member) { return member.substr(0, member.find('=')); }

// list-member = key "=" value, with a key that none before it has
bool IsNextMember(absl::string_view member, const std::vector<absl::string_view>& before) {
  const absl::string_view key = KeyOf(member);
  return key.size() < member.size() && IsKey(key) && IsValue(member.substr(key.size() + 1)) &&
         std::none_of(before.begin(), before.end(),
                      [key](absl::string_view other) { return KeyOf(other) == key; });
}

absl::string_view StripBlanks(absl::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

size_t LengthOf(const std::vector<absl::string_view>& members) {
  size_t length = members.empty() ? 0 : members.size() - 1;
  for (const absl::string_view member : members) length += member.size();
  return length;
}

// Removes long members first, and then members at the end, which are the oldest.
void Shorten(std::vector<absl::string_view>& members) {
  for (auto at = members.end(); at != members.begin() && LengthOf(members) > kMaxState;) {
    --at;
    if (at->size() > kLongMember) at = members.erase(at);
  }
  while (LengthOf(members) > kMaxState) members.pop_back();
}

// Returns "" if any member is invalid.
std::string ReadState(const std::vector<absl::string_view>& texts) {
  std::vector<absl::string_view> members;
  for (const absl::string_view text : texts) {
    for (const absl::string_view part : absl::StrSplit(text, ',')) {
      const absl::string_view member = StripBlanks(part);
      if (member.empty()) continue;  // an empty member is allowed
      if (members.size() == kMaxMembers || !IsNextMember(member, members)) return "";
      members.push_back(member);
    }
  }
  Shorten(members);
  return absl::StrJoin(members, ",");
}

// Appends 16 lower-case digits. Makes eight digits at once, one in each byte of a 64-bit word.
void AppendHex(uint64_t number, std::string& text) {
  const auto word_of = [](uint64_t half) {
    half = (half << 16 | half) & 0x0000ffff0000ffff;
    half = (half << 8 | half) & 0x00ff00ff00ff00ff;
    half = (half << 4 | half) & 0x0f0f0f0f0f0f0f0f;
    constexpr uint64_t kOnes = 0x0101010101010101;
    const uint64_t letters = (half + kOnes * 6) >> 4 & kOnes;
    return half + kOnes * '0' + letters * ('a' - '0' - 10);
  };
  char digits[16];
  // The most significant digit comes first.
  const uint64_t words[] = {__builtin_bswap64(word_of(number >> 32)),
                            __builtin_bswap64(word_of(number & 0xffffffff))};
  std::memcpy(digits, words, sizeof(digits));
  text.append(digits, sizeof(digits));
}

// absl::BitGen objects must not be shared between threads.
uint64_t NewId() {
  thread_local absl::InsecureBitGen random;
  uint64_t id = 0;
  while (id == 0) id = random();
  return id;
}

}  // namespace

std::string Text(const TraceId& id) {
  std::string text;
  text.reserve(32);
  AppendHex(id.high, text);
  AppendHex(id.low, text);
  return text;
}

std::string Text(SpanId id) {
  std::string text;
  AppendHex(id, text);
  return text;
}

std::optional<TraceContext> ReadTraceContext(const std::vector<absl::string_view>& traceparents,
                                             const std::vector<absl::string_view>& tracestates) {
  if (traceparents.size() != 1) return std::nullopt;
  std::optional<TraceContext> context = ReadParent(StripBlanks(traceparents.front()));
  if (context) context->state = ReadState(tracestates);
  return context;
}

std::string TraceParent(const TraceContext& context) {
  std::string text;
  text.reserve(kParentLength);
  text.append("00-");
  AppendHex(context.trace_id.high, text);
  AppendHex(context.trace_id.low, text);
  text.push_back('-');
  AppendHex(context.span_id, text);
  text.append(context.sampled ? "-01" : "-00");
  return text;
}

bool IsSampled(uint64_t random, double ratio) {
  constexpr double kAll = 18446744073709551616.0;  // 2^64
  return ratio >= 1 || static_cast<double>(random) < ratio * kAll;
}

TraceId NewTraceId() { return {NewId(), NewId()}; }

SpanId NewSpanId() { return NewId(); }

}  // namespace gateway
