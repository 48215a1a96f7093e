// The contract of both stores, for rows: a row that is torn, exchanged or meaningless is an error,
// and an ended entry is removed when its time is over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/service/ledger/contract_fixture.h"

namespace gateway::ledger {
namespace {

using testing::IsEmpty;

using StoredRowsTest = ContractTest;

TEST_P(StoredRowsTest, ARowThatCannotBeDecryptedIsAnErrorAndNotAFreshStart) {
  ASSERT_TRUE(Settle(*ledger_, Claimed("key"), {Settlement::kDone, "reply"}).ok());
  Options options = TestOptions();
  options.cipher = TestCipher('x');
  Reopen(options);
  EXPECT_TRUE(absl::IsDataLoss(Claim(*ledger_, "key").status()));
  EXPECT_TRUE(absl::IsDataLoss(FindKey(*ledger_, "key").status()));

  const std::string other(ReplyCipher::kKeyBytes, 'x');
  const std::string key(ReplyCipher::kKeyBytes, 'k');
  ASSERT_TRUE(options.cipher->Replace(other, key).ok());
  EXPECT_EQ(Claim(*ledger_, "key")->entry.reply, "reply");
}

TEST_P(StoredRowsTest, RepliesThatWereExchangedDoNotOpen) {
  ASSERT_TRUE(Settle(*ledger_, Claimed("a"), {Settlement::kDone, "reply a"}).ok());
  ASSERT_TRUE(Settle(*ledger_, Claimed("b"), {Settlement::kDone, "reply b"}).ok());
  ledger_.reset();
  store_->Execute(
      "UPDATE entries SET reply = (SELECT reply FROM entries ORDER BY number DESC LIMIT 1)");
  ledger_ = store_->Open(TestOptions());
  EXPECT_TRUE(absl::IsDataLoss(Claim(*ledger_, "a").status()));
  EXPECT_EQ(Claim(*ledger_, "b")->entry.reply, "reply b");
}

TEST_P(StoredRowsTest, ARowWithValuesOfNoMeaningIsAnError) {
  Claimed("key");
  Unknown("other");
  ledger_.reset();
  store_->Execute("UPDATE entries SET release = 77");
  ledger_ = store_->Open(TestOptions());
  EXPECT_TRUE(absl::IsDataLoss(Claim(*ledger_, "key").status()));
  EXPECT_EQ(List(*ledger_, {})->unreadable, 2u);
  EXPECT_THAT(*Take(*ledger_, {}), IsEmpty());
}

// A page may end with rows that cannot be read. Older entries are still found.
TEST_P(StoredRowsTest, RowsThatCannotBeReadHideNoOthers) {
  for (const char* const key : {"a", "b", "c", "d", "e", "f"}) Claimed(key);
  ledger_.reset();
  store_->Execute(
      "UPDATE entries SET release = 77 WHERE number IN (SELECT number FROM entries ORDER BY number "
      "DESC LIMIT 4)");
  ledger_ = store_->Open(TestOptions());
  size_t found = 0;
  size_t unreadable = 0;
  ListRequest request{.page_size = 1};
  do {
    const auto page = List(*ledger_, request);
    ASSERT_TRUE(page.ok()) << page.status();
    found += page->entries.size();
    unreadable += page->unreadable;
    request.page_token = page->next_page_token;
  } while (!request.page_token.empty() && found + unreadable < 100);
  EXPECT_EQ(found, 2u);
  EXPECT_EQ(unreadable, 4u);
}

TEST_P(StoredRowsTest, WhatHasEndedBecomesATombstoneAndIsRemoved) {
  const ClaimAnswer done = Claimed("done");
  ASSERT_TRUE(Settle(*ledger_, done, {Settlement::kDone, "reply", "note"}).ok());
  ASSERT_TRUE(Settle(*ledger_, Claimed("released"), {Settlement::kRefused}).ok());
  const ClaimAnswer unknown = Unknown("unknown");
  const ClaimAnswer intent = Claimed("intent");

  Options options = TestOptions();
  options.keep_reply = -absl::Hours(1);  // expired long ago
  Reopen(options);
  while (*Tend(*ledger_) != 0) continue;
  const absl::StatusOr<ClaimAnswer> again = Claim(*ledger_, "done");
  EXPECT_EQ(again->kind, ClaimAnswer::kDone);
  EXPECT_EQ(again->entry.reply, std::nullopt);
  EXPECT_EQ(again->entry.note, "");
  EXPECT_EQ(KindOf("done", "another"), ClaimAnswer::kReused);
  EXPECT_EQ(KindOf("released", "another"), ClaimAnswer::kReused);

  options.keep_entry = -absl::Hours(1);
  Reopen(options);
  while (*Tend(*ledger_) != 0) continue;
  EXPECT_TRUE(absl::IsNotFound(Find(*ledger_, done.entry.id).status()));
  EXPECT_TRUE(absl::IsNotFound(FindKey(*ledger_, "released").status()));
  EXPECT_EQ(Find(*ledger_, unknown.entry.id)->state, State::kUnknown);
  EXPECT_TRUE(Find(*ledger_, intent.entry.id).ok());
}

INSTANTIATE_TEST_SUITE_P(Stores, StoredRowsTest, testing::Values("Sqlite", "Postgresql"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace gateway::ledger
