// The values of the ledger: names of entries, fingerprints, encrypted replies, rows.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "service/ledger/fingerprint.h"
#include "service/ledger/frame.h"
#include "service/ledger/reply_cipher.h"
#include "service/ledger/row.h"
#include "service/ledger/rules.h"
#include "tests/service/ledger/calls.h"

namespace gateway::ledger {
namespace {

TEST(EntryIdTest, IsItsOwnTextAndNoOther) {
  const EntryId id = EntryId::Make(absl::FromUnixMillis(1'800'000'000'123)).value();
  EXPECT_EQ(id.text().size(), 44u);
  EXPECT_EQ(EntryId::Parse(id.text()).value(), id);
  for (const std::string& bad :
       {std::string(), id.text() + "0", id.text().substr(1), "A" + id.text().substr(1),
        "g" + id.text().substr(1), " " + id.text().substr(1)}) {
    EXPECT_FALSE(EntryId::Parse(bad).ok()) << bad;
  }
}

TEST(EntryIdTest, IsNeverTheSameAndGrowsWithTime) {
  std::set<std::string> ids;
  const absl::Time now = absl::FromUnixMillis(1'800'000'000'000);
  for (int i = 0; i < 1000; ++i) ids.insert(EntryId::Make(now).value().text());
  EXPECT_EQ(ids.size(), 1000u);
  EXPECT_GT(EntryId::Make(now + absl::Milliseconds(1)).value().text(), *ids.rbegin());
}

TEST(FrameTest, ListsThatDifferHaveDifferentBytes) {
  EXPECT_NE(Frame({"ab", "c"}), Frame({"a", "bc"}));
  EXPECT_NE(Frame({"a", ""}), Frame({"a"}));
  EXPECT_NE(Frame({"", "a"}), Frame({"a", ""}));
}

TEST(FingerprintTest, IsOfEachPartAndOfTheSecret) {
  const Fingerprinter one = Fingerprinter::Create(std::string(32, '1')).value();
  const Fingerprinter two = Fingerprinter::Create(std::string(32, '2')).value();
  const FingerprintedRequest request{"POST", "/v1/refunds", "a=1", "{}"};
  const std::string print = one.Of(request).value();
  EXPECT_EQ(print.size(), Fingerprinter::kBytes);
  EXPECT_EQ(print, one.Of(request).value());
  EXPECT_NE(print, two.Of(request).value());
  for (absl::string_view FingerprintedRequest::*part :
       {&FingerprintedRequest::verb, &FingerprintedRequest::path, &FingerprintedRequest::query,
        &FingerprintedRequest::body}) {
    FingerprintedRequest other = request;
    other.*part = "other";
    EXPECT_NE(one.Of(other).value(), print);
  }
  EXPECT_NE(one.Of({"POST", "/v1", "/refunds", "{}"}).value(),
            one.Of({"POST", "/v1/refunds", "", "{}"}).value());
}

// From release to release: another result here makes every kept key look reused.
TEST(FingerprintTest, IsWhatItWasInTheReleaseBefore) {
  const Fingerprinter printer = Fingerprinter::Create(std::string(32, 's')).value();
  const std::string print = printer.Of({"POST", "/v1/refunds", "", "{\"amount\":1}"}).value();
  EXPECT_EQ(absl::BytesToHexString(print),
            "018f3513b22d00ae1ad1d33077cbc463bd29c60fb23be8398d0fa000414f634380");
}

TEST(FingerprintTest, AShortSecretIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(Fingerprinter::Create(std::string(31, 's')).status()));
}

std::string Key(char fill) { return std::string(ReplyCipher::kKeyBytes, fill); }

TEST(ReplyCipherTest, OpensWhatItSealedForTheSameRow) {
  const auto cipher = ReplyCipher::Create(Key('a')).value();
  for (const std::string& plain :
       {std::string(), std::string("reply"), std::string(100'000, 'x')}) {
    const std::string sealed = cipher->Seal(plain, "row").value();
    EXPECT_EQ(cipher->Open(sealed, "row").value(), plain);
    EXPECT_TRUE(absl::IsDataLoss(cipher->Open(sealed, "another row").status()));
    EXPECT_NE(sealed, cipher->Seal(plain, "row").value());  // a nonce of its own
  }
}

TEST(ReplyCipherTest, EveryBitAndEveryByteCounts) {
  const auto cipher = ReplyCipher::Create(Key('a')).value();
  const std::string sealed = cipher->Seal("a reply", "row").value();
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_TRUE(absl::IsDataLoss(cipher->Open(changed, "row").status())) << i;
    EXPECT_TRUE(absl::IsDataLoss(cipher->Open(sealed.substr(0, i), "row").status())) << i;
  }
}

TEST(ReplyCipherTest, TwoKeysOpenWhileOneIsBeingChanged) {
  const auto cipher = ReplyCipher::Create(Key('a')).value();
  const std::string old = cipher->Seal("old", "row").value();
  ASSERT_TRUE(cipher->Replace(Key('b'), Key('a')).ok());
  const std::string fresh = cipher->Seal("fresh", "row").value();
  EXPECT_EQ(cipher->Open(old, "row").value(), "old");
  EXPECT_EQ(cipher->Open(fresh, "row").value(), "fresh");
  EXPECT_FALSE(cipher->Replace("short", "").ok());
  EXPECT_EQ(cipher->Open(old, "row").value(), "old");
  ASSERT_TRUE(cipher->Replace(Key('b'), "").ok());
  EXPECT_TRUE(absl::IsDataLoss(cipher->Open(old, "row").status()));
  EXPECT_EQ(cipher->Open(fresh, "row").value(), "fresh");
}

Row SampleRow() {
  Row row = NewRow(RequestOf("key", "print", "guard"), EntryId::Make(absl::Now()).value(), 7,
                   FromMicros(1'800'000'000'000'000));
  EXPECT_TRUE(SealBefore(*TestCipher(), "before", row).ok());
  return row;
}

std::vector<Cell> SampleCells() {
  std::vector<Cell> cells = CellsOf(SampleRow());
  cells.emplace_back(int64_t{1});  // number
  return cells;
}

TEST(RowTest, ComesBackAsItWas) {
  const Row row = SampleRow();
  std::vector<Cell> cells = CellsOf(row);
  cells.emplace_back(int64_t{5});
  const absl::StatusOr<Row> back = RowFromCells(cells);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->number, 5);
  EXPECT_EQ(CellsOf(*back), CellsOf(row));
  EXPECT_EQ(OpenEntry(*TestCipher(), *back)->before, "before");
}

TEST(RowTest, NoCellMayBeOfAnotherKind) {
  for (size_t i = 0; i < kAllColumns; ++i) {
    for (const Cell& other : {Cell(int64_t{-1}), Cell(std::string("text")), Cell()}) {
      std::vector<Cell> cells = SampleCells();
      if (cells[i].index() == other.index()) continue;
      const bool may_be_missing = std::holds_alternative<std::monostate>(other) &&
                                  std::holds_alternative<std::string>(cells[i]);
      const bool may_be_there = std::holds_alternative<std::string>(other) &&
                                std::holds_alternative<std::monostate>(cells[i]);
      cells[i] = other;
      const absl::StatusOr<Row> row = RowFromCells(cells);
      if (row.ok()) {
        EXPECT_TRUE(may_be_missing || may_be_there) << i;
      } else {
        EXPECT_TRUE(absl::IsDataLoss(row.status())) << i << row.status();
      }
    }
  }
  EXPECT_TRUE(absl::IsDataLoss(RowFromCells({}).status()));
}

TEST(ScopeTest, ItsDigestIsWhatItWasInTheReleaseBefore) {
  EXPECT_EQ(absl::BytesToHexString(DigestOf(ScopeOf("key"))),
            "fb205d60b1a26d9c8a2b533e9fffdc7b0c45d2deb55516f6799724453c006917");
}

}  // namespace
}  // namespace gateway::ledger
