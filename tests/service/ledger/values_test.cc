// The values of the ledger: names of entries, fingerprints, encrypted replies, rows.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "service/ledger/fingerprint.h"
#include "service/ledger/frame.h"
#include "service/ledger/random_bytes.h"
#include "service/ledger/reply_cipher.h"
#include "service/ledger/row.h"
#include "service/ledger/rules.h"
#include "service/ledger/sha256.h"
#include "tests/service/ledger/calls.h"
#include "tests/service/ledger/cells.h"

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

std::string Random(size_t count) {
  std::string bytes(count, '\0');
  EXPECT_TRUE(RandomBytes(reinterpret_cast<unsigned char*>(bytes.data()), count));
  return bytes;
}

TEST(RandomBytesTest, NoneIsGivenTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(Random(16));
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_NE(Random(5000), Random(5000));
}

// A child must not use the random bytes that its parent has in stock.
TEST(RandomBytesTest, AChildProcessHasOthers) {
  Random(16);  // there is a stock now
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string bytes = Random(16);
    _exit(write(ends[1], bytes.data(), bytes.size()) == 16 ? 0 : 1);
  }
  char theirs[16];
  ASSERT_EQ(read(ends[0], theirs, sizeof(theirs)), 16);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NE(Random(16), std::string(theirs, sizeof(theirs)));
  close(ends[0]);
  close(ends[1]);
}

// RFC 4231, test cases 2 and 6 (a key longer than a block), and FIPS 180-2's "abc".
TEST(Sha256Test, IsThatOfTheStandards) {
  EXPECT_EQ(absl::BytesToHexString(Sha256().Add("a").Add("bc").Finish()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const HmacSha256 hmac = HmacSha256::Create("Jefe").value();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(
        absl::BytesToHexString(hmac.Begin().Add("what do ya want ").Add("for nothing?").Finish()),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  }
  EXPECT_EQ(
      absl::BytesToHexString(HmacSha256::Create(std::string(131, '\xaa'))
                                 .value()
                                 .Begin()
                                 .Add("Test Using Larger Than Block-Size Key - Hash Key First")
                                 .Finish()),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
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

// The result must not change between releases: otherwise every kept key would look reused.
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

std::vector<Cell> SampleCells() { return CellsOf(SampleRow(), 1); }

TEST(RowTest, ComesBackAsItWas) {
  const Row row = SampleRow();
  const absl::StatusOr<Row> back = RowFromCells(CellsOf(row, 5));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->number, 5);
  EXPECT_EQ(CellsOf(*back, 5), CellsOf(row, 5));
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
