// A file of the previous version can be opened, and its entries are still known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "service/ledger/fingerprint.h"
#include "service/ledger/sqlite/ledger.h"
#include "tests/service/ledger/calls.h"
#include "tests/service/temp_dir.h"

namespace gateway::ledger {
namespace {

// Some time after the last entry of testdata/.
constexpr int64_t kLater = 1'795'000'600;

class SqliteUpgradeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream dump(SOURCE_DIR "/tests/service/ledger/testdata/ledger-schema-1.sql");
    const std::string sql{std::istreambuf_iterator<char>(dump), std::istreambuf_iterator<char>()};
    ASSERT_NE(sql, "");
    ASSERT_EQ(mkdir(directory_.Path("ledger").c_str(), 0700), 0);
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(options_.file.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
    ASSERT_EQ(chmod(options_.file.c_str(), 0600), 0);
    Open();
  }

  void Open() {
    ledger_ = nullptr;
    auto opened = SqliteLedger::Open(options_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    ledger_ = *std::move(opened);
  }

  // Repeats a call with a key that the previous version has stored.
  ClaimAnswer Repeated(const std::string& key, const std::string& guard = "") {
    const auto printer = Fingerprinter::Create(std::string(32, 's'));
    const auto print = printer->Of({"POST", "/v1/refunds", "", "{\"amount\":1}"});
    ClaimRequest request = RequestOf(key, *print, guard);
    request.settle = absl::Hours(1);
    const absl::StatusOr<ClaimAnswer> answer = Claim(*ledger_, std::move(request));
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *answer : ClaimAnswer{};
  }

  static SqliteOptions OptionsFor(const TempDir& directory) {
    SqliteOptions options{.common = TestOptions(), .file = directory.Path("ledger/ledger.db")};
    options.common.now = [] { return absl::FromUnixSeconds(kLater); };
    return options;
  }

  const TempDir directory_;
  const SqliteOptions options_ = OptionsFor(directory_);
  std::unique_ptr<SqliteLedger> ledger_;
};

TEST_F(SqliteUpgradeTest, EachKeyIsAnsweredAsTheVersionBeforeWouldHave) {
  const ClaimAnswer done = Repeated("done", "order 1");
  EXPECT_EQ(done.kind, ClaimAnswer::kDone);
  EXPECT_EQ(done.entry.reply, "reply");
  EXPECT_EQ(done.entry.id.text(), "01a1ee565e00ce221285f5cc147bf985af56395b3815");
  const ClaimAnswer credential = Repeated("credential");
  EXPECT_EQ(credential.kind, ClaimAnswer::kDone);
  EXPECT_EQ(credential.entry.reply, std::nullopt);
  EXPECT_EQ(Repeated("refused", "order 2").kind, ClaimAnswer::kClaimed);
  const ClaimAnswer unknown = Repeated("unknown", "order 3");
  EXPECT_EQ(unknown.kind, ClaimAnswer::kUnknown);
  EXPECT_EQ(Find(*ledger_, unknown.entry.id)->before, "before");
  EXPECT_EQ(Repeated("not done", "order 4").kind, ClaimAnswer::kClaimed);
  // The process of the INTENT is gone, so its outcome is unknown.
  EXPECT_EQ(Repeated("intent", "order 5").kind, ClaimAnswer::kUnknown);
  EXPECT_EQ(Repeated("another", "order 3").kind, ClaimAnswer::kGuarded);
}

TEST_F(SqliteUpgradeTest, WhatIsNewKnowsTheOldEntries) {
  const ClaimAnswer next = Repeated("the next", "order 1");
  ASSERT_EQ(next.recent.size(), 1u);
  EXPECT_EQ(next.recent[0].reply, "reply");
  const std::map<State, int64_t> counts = ledger_->stats().entries;
  EXPECT_EQ(counts.at(State::kDone), 2);
  EXPECT_EQ(counts.at(State::kUnknown), 2);
  EXPECT_EQ(counts.at(State::kIntent), 1);
}

TEST_F(SqliteUpgradeTest, ItIsDoneOneTime) {
  Open();
  EXPECT_EQ(Repeated("done", "order 1").entry.reply, "reply");
}

}  // namespace
}  // namespace gateway::ledger
