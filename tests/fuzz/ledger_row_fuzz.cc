// Fuzzes a stored row of the ledger, as a damaged file or another program could leave it.
//
// The input is a list of changes to a good row. Each change is: the cell (one byte), the kind (one
// byte: null, number, text, or drop this cell and all after it), the value's length (one byte), and
// the value.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "service/ledger/reply_cipher.h"
#include "service/ledger/row.h"
#include "service/ledger/rules.h"
#include "tests/fuzz/require.h"
#include "tests/service/ledger/cells.h"

namespace gateway::fuzz {
namespace {

using ledger::Cell;
using ledger::Row;

const ledger::ReplyCipher& Cipher() {
  static const auto& cipher =
      *new auto(ledger::ReplyCipher::Create(std::string(ledger::ReplyCipher::kKeyBytes, 'k')));
  return **cipher;
}

std::vector<Cell> GoodCells() {
  static const auto& cells = *new std::vector<Cell>([] {
    const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
    Row row = ledger::NewRow({.scope = {"shop", "paynow", "1", "rpc", "key"},
                              .fingerprint = "print",
                              .guard = "order 1",
                              .time_left = absl::Seconds(30)},
                             ledger::EntryId::Make(now).value(), 1, now);
    Require(ledger::SealBefore(Cipher(), "before", row).ok(), "a snapshot is sealed");
    Require(ledger::SealReply(Cipher(), "reply", row).ok(), "a reply is sealed");
    return ledger::CellsOf(row, 1);
  }());
  return cells;
}

// Returns the first 8 bytes as a little-endian number; missing bytes are zero.
int64_t NumberIn(absl::string_view bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < 8 && i < bytes.size(); ++i) {
    number |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return static_cast<int64_t>(number);
}

void Try(absl::string_view input) {
  std::vector<Cell> cells = GoodCells();
  while (input.size() >= 3) {
    const size_t cell = static_cast<uint8_t>(input[0]) % cells.size();
    const uint8_t kind = static_cast<uint8_t>(input[1]) % 4;
    const absl::string_view value = input.substr(3, static_cast<uint8_t>(input[2]));
    input.remove_prefix(3 + value.size());
    if (kind == 0) cells[cell] = std::monostate();
    if (kind == 1) cells[cell] = NumberIn(value);
    if (kind == 2) cells[cell] = std::string(value);
    if (kind == 3) cells.resize(cell);
    if (cells.empty()) break;
  }
  const absl::StatusOr<Row> row = ledger::RowFromCells(cells);
  if (!row.ok()) return Require(absl::IsDataLoss(row.status()), "a bad row is DATA_LOSS");
  const absl::StatusOr<ledger::Entry> entry = ledger::OpenEntry(Cipher(), *row);
  Require(entry.ok() || absl::IsDataLoss(entry.status()), "what does not open is DATA_LOSS");
  if (!entry.ok()) return;
  Require(!entry->reply || *entry->reply == "reply", "only what was sealed opens");
  Require(!entry->before || *entry->before == "before", "only what was sealed opens");
  const absl::StatusOr<Row> read = ledger::RowFromCells(ledger::CellsOf(*row, row->number));
  Require(read.ok() && read->entry.state == row->entry.state &&
              read->entry.release == row->entry.release,
          "a row that can be read can be written");
}

}  // namespace
}  // namespace gateway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gateway::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
