// An entry as a database keeps it. Both stores have the same columns, in the order of kColumns, and
// read them through RowFromCells. It checks every cell: a row that is damaged, or that somebody
// else has written, is DATA_LOSS and never a crash.
//
// Texts are stored as bytes, since identities and keys may not be valid UTF-8. Times are
// microseconds since 1970.
//
// Thread-safety: values and pure functions.
#ifndef SERVICE_LEDGER_ROW_H_
#define SERVICE_LEDGER_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/ledger/entry.h"
#include "service/ledger/reply_cipher.h"

namespace gateway::ledger {

// How much of an entry is kept. The numbers are stored.
enum class Kept : int8_t {
  kOpen = 0,       // INTENT or UNKNOWN: retention leaves it alone
  kWhole = 1,      // ended, with its reply if it has one
  kTombstone = 2,  // ended, with its fingerprint and outcome only
};

struct Row {
  Entry entry;  // without before and reply, which are below
  std::string scope_digest;
  std::optional<std::string> sealed_before;
  std::optional<std::string> sealed_reply;
  // Random for each claim: of two claims with the same attempt, one of which never became durable,
  // it tells which one the row holds. The column is called `epoch`.
  int64_t claim = 0;
  Kept kept = Kept::kOpen;
  absl::Time next_look = absl::UnixEpoch();
  absl::Time leased_until = absl::UnixEpoch();
  int64_t version = 0;  // counts the changes of the row
  int64_t number = 0;   // given by the database; grows with each entry
};

// One value of a row that was read: nothing, a number, or bytes.
using Cell = std::variant<std::monostate, int64_t, std::string>;
// One value to be written. It does not own its bytes.
using Value = std::variant<std::monostate, int64_t, absl::string_view>;

// The columns' names, separated by commas: first the kFixedColumns that never change, then the
// kMutableColumns that may change, then `number`.
extern const char kColumns[];
inline constexpr size_t kFixedColumns = 8;
inline constexpr size_t kMutableColumns = 17;
inline constexpr size_t kAllColumns = kFixedColumns + kMutableColumns + 1;

// The values of all columns but `number`. They point into the row: they are valid until the row
// changes or is destroyed.
std::vector<Value> ValuesOf(const Row& row);
absl::StatusOr<Row> RowFromCells(const std::vector<Cell>& cells);
// The number of a row whose other columns may be unreadable; INT64_MAX if the number is unreadable
// too.
int64_t NumberIn(const std::vector<Cell>& cells);

// Identifies a key: SHA-256 over the framed members. It uses no secret, because a changed secret
// must not make a key look new.
std::string DigestOf(const Scope& scope);

// Encrypts the reply so that it opens in this row only.
absl::Status SealReply(const ReplyCipher& cipher, absl::string_view reply, Row& row);
absl::Status SealBefore(const ReplyCipher& cipher, absl::string_view before, Row& row);
// The entry with everything that is kept of it. DATA_LOSS: a part cannot be decrypted.
absl::StatusOr<Entry> OpenEntry(const ReplyCipher& cipher, const Row& row);

int64_t ToMicros(absl::Time time);
absl::Time FromMicros(int64_t micros);

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_ROW_H_
