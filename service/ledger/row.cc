#include "service/ledger/row.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/ledger/frame.h"
#include "service/ledger/sha256.h"

namespace gateway::ledger {
namespace {

absl::Status Unreadable(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("a stored entry has no readable ", what));
}

// Reads cells one after another, and remembers whether one was wrong.
class CellReader {
 public:
  explicit CellReader(const std::vector<Cell>& cells) : cells_(cells) {}

  int64_t Number(const char* what) {
    const auto* const number = Next<int64_t>(what);
    return number == nullptr ? 0 : *number;
  }
  int64_t NumberBetween(int64_t least, int64_t most, const char* what) {
    const int64_t number = Number(what);
    if (number < least || number > most) Bad(what);
    return number;
  }
  std::string Text(const char* what) {
    const auto* const text = Next<std::string>(what);
    return text == nullptr ? "" : *text;
  }
  std::optional<std::string> MaybeText(const char* what) {
    if (at_ < cells_.size() && std::holds_alternative<std::monostate>(cells_[at_])) {
      ++at_;
      return std::nullopt;
    }
    return Text(what);
  }
  absl::Time Time(const char* what) { return FromMicros(Number(what)); }
  void Bad(const char* what) {
    if (status_.ok()) status_ = Unreadable(what);
  }

  const absl::Status& status() const { return status_; }

 private:
  template <typename T>
  const T* Next(const char* what) {
    const T* const value = at_ < cells_.size() ? std::get_if<T>(&cells_[at_]) : nullptr;
    ++at_;
    if (value == nullptr) Bad(what);
    return value;
  }

  const std::vector<Cell>& cells_;
  size_t at_ = 0;
  absl::Status status_;
};

Value MaybeBytes(const std::optional<std::string>& text) {
  if (!text) return std::monostate();
  return absl::string_view(*text);
}

bool Ended(State state) { return state != State::kIntent && state != State::kUnknown; }

bool FitsState(Release release, State state) {
  const bool released = release == Release::kNotSent || release == Release::kRefused;
  if (released != (state == State::kReleased)) return false;
  return release != Release::kInDoubt || !Ended(state);
}

std::string Identity(const Row& row, absl::string_view purpose) {
  return Frame({"ledger 1", purpose, row.entry.id.bytes(), row.scope_digest});
}

}  // namespace

const char kColumns[] =
    "id, scope, fingerprint, identity, upstream, store, rpc, created, "
    "guard, state, release, attempt, changed, deadline, epoch, note, resolver, progress, "
    "before_send, reply, kept, looks, next_look, leased_until, version, number";

std::vector<Value> ValuesOf(const Row& row) {
  const Entry& entry = row.entry;
  // The row of an ended entry still has its guard. The column `kept` says whether the guard is
  // held.
  Value guard = std::monostate();
  if (!entry.guard.empty()) guard = absl::string_view(entry.guard);
  return {entry.id.bytes(),
          row.scope_digest,
          entry.fingerprint,
          entry.scope.identity,
          entry.scope.upstream,
          entry.scope.store,
          entry.scope.rpc,
          ToMicros(entry.created),
          guard,
          static_cast<int64_t>(entry.state),
          static_cast<int64_t>(entry.release),
          entry.attempt,
          ToMicros(entry.changed),
          ToMicros(entry.deadline),
          row.claim,
          entry.note,
          entry.resolver,
          entry.progress,
          MaybeBytes(row.sealed_before),
          MaybeBytes(row.sealed_reply),
          static_cast<int64_t>(row.kept),
          entry.looks,
          ToMicros(row.next_look),
          ToMicros(row.leased_until),
          row.version};
}

absl::StatusOr<Row> RowFromCells(const std::vector<Cell>& cells) {
  if (cells.size() != kAllColumns) return Unreadable("number of columns");
  CellReader reader(cells);
  Row row;
  Entry& entry = row.entry;
  absl::StatusOr<EntryId> id = EntryId::FromBytes(reader.Text("name"));
  if (id.ok())
    entry.id = *std::move(id);
  else
    reader.Bad("name");
  row.scope_digest = reader.Text("scope");
  if (row.scope_digest.size() != 32) reader.Bad("scope");
  entry.fingerprint = reader.Text("fingerprint");
  if (entry.fingerprint.empty()) reader.Bad("fingerprint");
  entry.scope.identity = reader.Text("identity");
  entry.scope.upstream = reader.Text("upstream");
  entry.scope.store = reader.Text("store");
  entry.scope.rpc = reader.Text("rpc");
  entry.created = reader.Time("time");
  entry.guard = reader.MaybeText("guard").value_or("");
  entry.state = static_cast<State>(reader.NumberBetween(1, 5, "state"));
  entry.release = static_cast<Release>(reader.NumberBetween(0, 3, "release"));
  entry.attempt = reader.NumberBetween(1, INT64_MAX, "attempt");
  entry.changed = reader.Time("time");
  entry.deadline = reader.Time("deadline");
  row.claim = reader.Number("claim");
  entry.note = reader.Text("note");
  entry.resolver = reader.Text("resolver");
  entry.progress = reader.Text("progress");
  row.sealed_before = reader.MaybeText("snapshot");
  row.sealed_reply = reader.MaybeText("reply");
  row.kept = static_cast<Kept>(reader.NumberBetween(0, 2, "retention"));
  entry.looks = reader.NumberBetween(0, INT64_MAX, "looks");
  row.next_look = reader.Time("look");
  row.leased_until = reader.Time("lease");
  row.version = reader.Number("version");
  row.number = reader.Number("number");
  if (!reader.status().ok()) return reader.status();
  if (!FitsState(entry.release, entry.state)) return Unreadable("reason of release");
  if (Ended(entry.state) != (row.kept != Kept::kOpen)) return Unreadable("retention");
  return row;
}

int64_t NumberIn(const std::vector<Cell>& cells) {
  if (cells.size() < kAllColumns) return INT64_MAX;
  const auto* const number = std::get_if<int64_t>(&cells[kAllColumns - 1]);
  return number == nullptr ? INT64_MAX : *number;
}

std::string DigestOf(const Scope& scope) {
  Sha256 digest;
  FrameInto({"scope 1", scope.identity, scope.upstream, scope.store, scope.rpc, scope.key},
            [&digest](absl::string_view piece) { digest.Add(piece); });
  return digest.Finish();
}

absl::Status SealReply(const ReplyCipher& cipher, absl::string_view reply, Row& row) {
  absl::StatusOr<std::string> sealed = cipher.Seal(reply, Identity(row, "reply"));
  if (!sealed.ok()) return sealed.status();
  row.sealed_reply = *std::move(sealed);
  return absl::OkStatus();
}

absl::Status SealBefore(const ReplyCipher& cipher, absl::string_view before, Row& row) {
  absl::StatusOr<std::string> sealed = cipher.Seal(before, Identity(row, "before"));
  if (!sealed.ok()) return sealed.status();
  row.sealed_before = *std::move(sealed);
  return absl::OkStatus();
}

absl::StatusOr<Entry> OpenEntry(const ReplyCipher& cipher, const Row& row) {
  Entry entry = row.entry;
  if (row.sealed_before) {
    absl::StatusOr<std::string> before = cipher.Open(*row.sealed_before, Identity(row, "before"));
    if (!before.ok()) return before.status();
    entry.before = *std::move(before);
  }
  if (row.sealed_reply) {
    absl::StatusOr<std::string> reply = cipher.Open(*row.sealed_reply, Identity(row, "reply"));
    if (!reply.ok()) return reply.status();
    entry.reply = *std::move(reply);
  }
  return entry;
}

int64_t ToMicros(absl::Time time) { return absl::ToUnixMicros(time); }
absl::Time FromMicros(int64_t micros) { return absl::FromUnixMicros(micros); }

}  // namespace gateway::ledger
