#include "service/ledger/entry.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "service/ledger/random_bytes.h"

namespace gateway::ledger {
namespace {

constexpr size_t kTimeBytes = 6;
constexpr size_t kRandomBytes = 16;
static_assert(kTimeBytes + kRandomBytes == EntryId::kBytes);

bool IsLowerHex(char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); }

}  // namespace

absl::StatusOr<EntryId> EntryId::Make(absl::Time now) {
  std::string bytes(kBytes, '\0');
  const auto milliseconds = static_cast<uint64_t>(absl::ToUnixMillis(now));
  for (size_t i = 0; i < kTimeBytes; ++i) {
    bytes[i] = static_cast<char>(milliseconds >> (8 * (kTimeBytes - 1 - i)));
  }
  auto* const random = reinterpret_cast<unsigned char*>(bytes.data()) + kTimeBytes;
  if (!RandomBytes(random, kRandomBytes)) {
    return absl::UnavailableError("the system has no random bytes");
  }
  return EntryId(std::move(bytes));
}

absl::StatusOr<EntryId> EntryId::Parse(absl::string_view text) {
  if (text.size() != 2 * kBytes || !std::all_of(text.begin(), text.end(), IsLowerHex)) {
    return absl::InvalidArgumentError("is no name of an entry");
  }
  return EntryId(absl::HexStringToBytes(text));
}

absl::StatusOr<EntryId> EntryId::FromBytes(absl::string_view bytes) {
  if (bytes.size() != kBytes) return absl::InvalidArgumentError("is no name of an entry");
  return EntryId(std::string(bytes));
}

std::string EntryId::text() const { return absl::BytesToHexString(bytes_); }

absl::string_view Name(State state) {
  switch (state) {
    case State::kIntent:
      return "INTENT";
    case State::kDone:
      return "DONE";
    case State::kReleased:
      return "RELEASED";
    case State::kUnknown:
      return "UNKNOWN";
    case State::kNotDone:
      return "NOT_DONE";
  }
  return "";
}

}  // namespace gateway::ledger
