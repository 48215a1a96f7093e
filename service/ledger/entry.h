// The values of the ledger: what is kept about one write with an idempotency key.
//
// An entry belongs to one key of one caller (its Scope) and is bound to one request (its
// Fingerprint, see fingerprint.h). It keeps neither the request nor the text of the key. It keeps
// what was read before the send (Entry::before, encrypted) only as long as a look or the next
// attempt may need it.
//
//   (none) -> INTENT -> DONE
//               |-----> RELEASED (not sent, or refused): the same request may be claimed again
//               '-----> UNKNOWN -> DONE | NOT_DONE | RELEASED
//                          '-----> INTENT, in doubt (see Release): a second send does no harm
//
// Thread-safety: values.
#ifndef SERVICE_LEDGER_ENTRY_H_
#define SERVICE_LEDGER_ENTRY_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gateway::ledger {

// The name of an entry: six bytes of time, so that new names are neighbours in an index, and 128
// random bits, so that nobody guesses one. Its text is safe in a trailer.
class EntryId {
 public:
  static constexpr size_t kBytes = 22;

  // No entry.
  EntryId() = default;

  // UNAVAILABLE: the system has no random bytes.
  static absl::StatusOr<EntryId> Make(absl::Time now);
  // INVALID_ARGUMENT for everything that text() does not write.
  static absl::StatusOr<EntryId> Parse(absl::string_view text);
  static absl::StatusOr<EntryId> FromBytes(absl::string_view bytes);

  // Lower-case hexadecimal digits, 44 of them; "" for no entry.
  std::string text() const;
  const std::string& bytes() const { return bytes_; }

  friend auto operator<=>(const EntryId&, const EntryId&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const EntryId& id) {
    return H::combine(std::move(state), id.bytes_);
  }

 private:
  explicit EntryId(std::string bytes) : bytes_(std::move(bytes)) {}

  std::string bytes_;
};

// What a key belongs to. Equal keys in different scopes are different keys.
struct Scope {
  std::string identity;  // of the caller; never a display name
  std::string upstream;
  std::string store;
  std::string rpc;
  std::string key;  // not stored: an entry that is read back has ""

  friend bool operator==(const Scope&, const Scope&) = default;
};

// The numbers are stored: they never change.
enum class State : int8_t {
  kIntent = 1,    // claimed: the write may be on its way
  kDone = 2,      // the write happened
  kReleased = 3,  // the write did not happen: not sent, or refused by the upstream
  kUnknown = 4,   // the write may have happened
  kNotDone = 5,   // the outcome was unknown; later it was found that the write did not happen
};

// Why an entry is RELEASED, or why it must not become RELEASED. The numbers are stored.
enum class Release : int8_t {
  kNone = 0,
  kNotSent = 1,
  kRefused = 2,
  // The entry is an INTENT or an UNKNOWN, and the outcome of an earlier attempt is unknown too.
  // That outcome stays unknown even if the last attempt was refused or not sent.
  kInDoubt = 3,
};

// "INTENT", "DONE", "RELEASED", "UNKNOWN", "NOT_DONE".
absl::string_view Name(State state);

struct Entry {
  EntryId id;
  Scope scope;
  std::string fingerprint;
  // Names the resource of the write, for example "refund order 42"; "" guards nothing.
  std::string guard;
  State state = State::kIntent;
  Release release = Release::kNone;
  // Counts the claims of this entry, from 1. A result is settled for one attempt.
  int64_t attempt = 0;
  absl::Time created;
  absl::Time changed;    // when it got its state
  absl::Time deadline;   // when the call of the last attempt ends at the latest
  std::string note;      // the reason that was given to settle, postpone or resolve it
  std::string resolver;  // who resolved it; "": the call itself
  // kNotSentYet, kSentUnderName, or what a reader remembers from one look to the next. Not
  // encrypted: it holds nothing about customers.
  std::string progress;
  int64_t looks = 0;  // looks that the reconciler took at this UNKNOWN
  // Absent in a page of List.
  std::optional<std::string> before;  // what was read before the send; see Ledger::KeepBefore
  std::optional<std::string> reply;   // absent if DONE is all that is kept
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_ENTRY_H_
