// The contract of both stores, the rules of a key: one test for each sentence of
// service/ledger/ledger.h and rules.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/service/ledger/contract_fixture.h"

namespace gateway::ledger {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_P(ContractTest, AClaimIsThereAsWasAsked) {
  const ClaimAnswer claimed = Claimed("key", "refund order 1");
  const Entry entry = *Find(*ledger_, claimed.entry.id);
  EXPECT_EQ(entry.state, State::kIntent);
  EXPECT_EQ(entry.attempt, 1);
  EXPECT_EQ(entry.scope.identity, "shop");
  EXPECT_EQ(entry.scope.upstream, "paynow");
  EXPECT_EQ(entry.scope.store, "411486491630370816");
  EXPECT_EQ(entry.scope.rpc, "OrdersService/RefundOrder");
  EXPECT_EQ(entry.scope.key, "");
  EXPECT_EQ(entry.fingerprint, "print");
  EXPECT_EQ(entry.guard, "refund order 1");
  EXPECT_EQ(entry.deadline - entry.created, absl::Seconds(30));
  EXPECT_EQ(FindKey(*ledger_, "key")->id, claimed.entry.id);
  EXPECT_TRUE(absl::IsNotFound(FindKey(*ledger_, "other").status()));
}

TEST_P(ContractTest, TheSameKeyIsInProgressUntilItIsSettled) {
  const ClaimAnswer claimed = Claimed("key");
  const absl::StatusOr<ClaimAnswer> second = Claim(*ledger_, "key");
  EXPECT_EQ(second->kind, ClaimAnswer::kInProgress);
  EXPECT_EQ(second->entry.id, claimed.entry.id);
}

TEST_P(ContractTest, DoneAnswersWithTheKeptReply) {
  const ClaimAnswer claimed = Claimed("key");
  const std::string reply("a reply \0 of bytes \xff", 20);
  ASSERT_EQ(Settle(*ledger_, claimed, {Settlement::kDone, reply})->state, State::kDone);
  for (int i = 0; i < 2; ++i) {
    const ClaimAnswer again = *Claim(*ledger_, "key");
    EXPECT_EQ(again.kind, ClaimAnswer::kDone);
    EXPECT_EQ(again.entry.reply, reply);
    Reopen();
  }
}

TEST_P(ContractTest, DoneWithoutABodySaysThatAlone) {
  Options options = TestOptions();
  options.max_reply_bytes = 10;
  Reopen(options);
  ASSERT_TRUE(Settle(*ledger_, Claimed("credentials"), {Settlement::kDone}).ok());
  ASSERT_TRUE(Settle(*ledger_, Claimed("long"), {Settlement::kDone, "eleven bytes"}).ok());
  ASSERT_TRUE(Settle(*ledger_, Claimed("empty"), {Settlement::kDone, ""}).ok());
  EXPECT_EQ(Claim(*ledger_, "credentials")->entry.reply, std::nullopt);
  EXPECT_EQ(Claim(*ledger_, "long")->entry.reply, std::nullopt);
  EXPECT_EQ(Claim(*ledger_, "empty")->entry.reply, "");
}

TEST_P(ContractTest, AReleasedKeyMayBeClaimedAgainByTheSameRequest) {
  const ClaimAnswer first = Claimed("key");
  ASSERT_EQ(Settle(*ledger_, first, {Settlement::kRefused, {}, "422"})->release, Release::kRefused);
  EXPECT_EQ(KindOf("key", "another"), ClaimAnswer::kReused);
  const ClaimAnswer second = Claimed("key");
  EXPECT_EQ(second.entry.id, first.entry.id);
  EXPECT_EQ(second.entry.attempt, 2);
  ASSERT_EQ(Settle(*ledger_, second, {Settlement::kNotSent})->release, Release::kNotSent);
  EXPECT_EQ(Claimed("key").entry.attempt, 3);
}

TEST_P(ContractTest, AKeyIsBoundToItsRequestInEveryState) {
  const ClaimAnswer claimed = Claimed("key");
  EXPECT_EQ(KindOf("key", "another"), ClaimAnswer::kReused);
  ASSERT_TRUE(Settle(*ledger_, claimed, {Settlement::kUnknown}).ok());
  EXPECT_EQ(KindOf("key", "another"), ClaimAnswer::kReused);
  ASSERT_TRUE(Settle(*ledger_, claimed, {Settlement::kDone}).ok());
  EXPECT_EQ(KindOf("key", "another"), ClaimAnswer::kReused);
}

TEST_P(ContractTest, ScopesNeverMeet) {
  Claimed("key");
  for (std::string Scope::*member :
       {&Scope::identity, &Scope::upstream, &Scope::store, &Scope::rpc, &Scope::key}) {
    ClaimRequest request = RequestOf("key");
    request.scope.*member += "x";
    EXPECT_EQ(Claim(*ledger_, request)->kind, ClaimAnswer::kClaimed);
  }
  // Another scope with the same bytes: the border between two members has moved.
  ClaimRequest moved = RequestOf("key");
  moved.scope.identity = "shopp";
  moved.scope.upstream = "aynow";
  EXPECT_EQ(Claim(*ledger_, moved)->kind, ClaimAnswer::kClaimed);
}

TEST_P(ContractTest, KeysMayHaveOddBytesAnd256OfThem) {
  std::string odd;
  for (int i = 0; i < 256; ++i) odd.push_back(static_cast<char>(i));
  ClaimRequest request = RequestOf(odd);
  request.scope.identity = odd;
  request.guard = odd;
  const ClaimAnswer claimed = *Claim(*ledger_, request);
  EXPECT_EQ(claimed.kind, ClaimAnswer::kClaimed);
  EXPECT_EQ(Claim(*ledger_, request)->kind, ClaimAnswer::kInProgress);
  EXPECT_EQ(Find(*ledger_, claimed.entry.id)->scope.identity, odd);
}

TEST_P(ContractTest, ABadClaimIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(Claim(*ledger_, "").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Claim(*ledger_, "key", "").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Claim(*ledger_, std::string(5000, 'k')).status()));
}

TEST_P(ContractTest, AnUnknownIsNotSentAgain) {
  const ClaimAnswer claimed = Unknown("key");
  const absl::StatusOr<ClaimAnswer> again = Claim(*ledger_, "key");
  EXPECT_EQ(again->kind, ClaimAnswer::kUnknown);
  EXPECT_EQ(again->entry.id, claimed.entry.id);
}

TEST_P(ContractTest, AGuardIsHeldByAnIntentAndByAnUnknown) {
  const ClaimAnswer holder = Claimed("a", "refund order 1");
  absl::StatusOr<ClaimAnswer> other = Claim(*ledger_, "b", "print", "refund order 1");
  EXPECT_EQ(other->kind, ClaimAnswer::kGuarded);
  EXPECT_EQ(other->entry.id, holder.entry.id);
  EXPECT_EQ(other->entry.state, State::kIntent);
  EXPECT_TRUE(absl::IsNotFound(FindKey(*ledger_, "b").status()));

  ASSERT_TRUE(Settle(*ledger_, holder, {Settlement::kUnknown}).ok());
  ClaimRequest of_another = RequestOf("c", "print", "refund order 1");
  of_another.scope.identity = "another caller";
  other = Claim(*ledger_, of_another);
  EXPECT_EQ(other->kind, ClaimAnswer::kGuarded);
  EXPECT_EQ(other->entry.state, State::kUnknown);

  EXPECT_EQ(KindOf("d", "print", "refund order 2"), ClaimAnswer::kClaimed);
  EXPECT_EQ(KindOf("e"), ClaimAnswer::kClaimed);
  ClaimRequest elsewhere = RequestOf("f", "print", "refund order 1");
  elsewhere.scope.store = "another";
  EXPECT_EQ(Claim(*ledger_, elsewhere)->kind, ClaimAnswer::kClaimed);
}

TEST_P(ContractTest, AGuardIsFreeOnceItsHolderHasEnded) {
  ASSERT_TRUE(Settle(*ledger_, Claimed("a", "guard"), {Settlement::kDone}).ok());
  ASSERT_TRUE(Settle(*ledger_, Claimed("b", "guard"), {Settlement::kRefused}).ok());
  const ClaimAnswer c = Unknown("c", "guard");
  ASSERT_TRUE(Resolve(*ledger_, {.id = c.entry.id, .reason = "looked", .resolver = "me"}).ok());
  Claimed("d", "guard");
  // Released keys can be claimed again only when the guard is free.
  EXPECT_EQ(KindOf("b", "print", "guard"), ClaimAnswer::kGuarded);
  EXPECT_EQ(KindOf("c", "print", "guard"), ClaimAnswer::kGuarded);
}

TEST_P(ContractTest, ALateResultMakesAnUnknownKnown) {
  const ClaimAnswer done = Unknown("done");
  EXPECT_EQ(Settle(*ledger_, done, {Settlement::kDone, "reply"})->state, State::kDone);
  EXPECT_EQ(Claim(*ledger_, "done")->entry.reply, "reply");
  EXPECT_EQ(Settle(*ledger_, Unknown("refused"), {Settlement::kRefused})->state, State::kReleased);
  EXPECT_EQ(Settle(*ledger_, Unknown("still"), {Settlement::kUnknown})->state, State::kUnknown);
}

TEST_P(ContractTest, DoneNeverBecomesAnythingElse) {
  const ClaimAnswer claimed = Claimed("key");
  ASSERT_TRUE(Settle(*ledger_, claimed, {Settlement::kDone, "reply"}).ok());
  for (const Settlement::Outcome outcome :
       {Settlement::kUnknown, Settlement::kNotSent, Settlement::kRefused}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(Settle(*ledger_, claimed, {outcome}).status()));
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Resolve(*ledger_, {.id = claimed.entry.id, .reason = "no", .resolver = "me"}).status()));
  EXPECT_TRUE(Settle(*ledger_, claimed, {Settlement::kDone, "another reply"}).ok());
  EXPECT_EQ(Claim(*ledger_, "key")->entry.reply, "reply");
}

TEST_P(ContractTest, AResultIsOfOneAttempt) {
  const ClaimAnswer first = Claimed("key");
  ASSERT_TRUE(Settle(*ledger_, first, {Settlement::kNotSent}).ok());
  const ClaimAnswer second = Claimed("key");
  EXPECT_TRUE(absl::IsAborted(Settle(*ledger_, first, {Settlement::kDone}).status()));
  EXPECT_EQ(Find(*ledger_, first.entry.id)->state, State::kIntent);
  EXPECT_TRUE(Settle(*ledger_, second, {Settlement::kDone}).ok());
  EXPECT_EQ(ledger_->stats().contradictions, 1u);
}

TEST_P(ContractTest, AnOperatorResolvesAnUnknown) {
  const ClaimAnswer claimed = Unknown("key");
  EXPECT_TRUE(absl::IsInvalidArgument(
      Resolve(*ledger_, {.id = claimed.entry.id, .done = true, .resolver = "me"}).status()));
  const absl::StatusOr<Entry> entry = Resolve(*ledger_, {.id = claimed.entry.id,
                                                         .done = true,
                                                         .reply = "from the shop's page",
                                                         .reason = "order 1 has refund 7",
                                                         .resolver = "ann"});
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->state, State::kDone);
  EXPECT_EQ(entry->note, "order 1 has refund 7");
  EXPECT_EQ(entry->resolver, "ann");
  EXPECT_EQ(Claim(*ledger_, "key")->entry.reply, "from the shop's page");
}

TEST_P(ContractTest, OnlyAnUnknownIsResolved) {
  const ClaimAnswer intent = Claimed("intent");
  const ClaimAnswer released = Claimed("released");
  ASSERT_TRUE(Settle(*ledger_, released, {Settlement::kNotSent}).ok());
  for (const EntryId& id : {intent.entry.id, released.entry.id}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(
        Resolve(*ledger_, {.id = id, .done = true, .reason = "r", .resolver = "me"}).status()));
  }
  EXPECT_TRUE(absl::IsNotFound(
      Resolve(*ledger_, {.id = EntryId::Make(absl::Now()).value(), .reason = "r", .resolver = "m"})
          .status()));
}

TEST_P(ContractTest, NotDoneMayBeClaimedAgainAndEvidenceOverrulesIt) {
  const ClaimAnswer first = Unknown("key");
  ASSERT_EQ(Resolve(*ledger_, {.id = first.entry.id, .reason = "r", .resolver = "me"})->state,
            State::kNotDone);
  const absl::StatusOr<Entry> late = Settle(*ledger_, first, {Settlement::kDone});
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_EQ(late->state, State::kDone);
  EXPECT_EQ(ledger_->stats().contradictions, 1u);

  const ClaimAnswer other = Unknown("other");
  ASSERT_TRUE(Resolve(*ledger_, {.id = other.entry.id, .reason = "r", .resolver = "me"}).ok());
  EXPECT_EQ(Claimed("other").entry.attempt, 2);
}

TEST_P(ContractTest, EvidenceIsOfOneAttemptToo) {
  const ClaimAnswer first = Unknown("key");
  ASSERT_TRUE(Settle(*ledger_, first, {Settlement::kNotSent}).ok());
  ASSERT_TRUE(Settle(*ledger_, Claimed("key"), {Settlement::kUnknown}).ok());
  EXPECT_TRUE(absl::IsAborted(Resolve(*ledger_, {.id = first.entry.id,
                                                 .attempt = 1,
                                                 .done = true,
                                                 .reason = "r",
                                                 .resolver = "reconciler"})
                                  .status()));
}

TEST_P(ContractTest, WhoeverWaitsHearsOfTheEnd) {
  const ClaimAnswer claimed = Claimed("key");
  std::vector<Answered<Entry>> waits(1000);
  for (Answered<Entry>& wait : waits) ledger_->Wait(claimed.entry.id, wait.callback());
  ASSERT_TRUE(Find(*ledger_, claimed.entry.id).ok());  // Find is queued after the waits
  for (const Answered<Entry>& wait : waits) EXPECT_FALSE(wait.IsThere());
  ASSERT_TRUE(Settle(*ledger_, claimed, {Settlement::kDone, "reply"}).ok());
  for (Answered<Entry>& wait : waits) {
    const absl::StatusOr<Entry> entry = wait.Get();
    ASSERT_TRUE(entry.ok()) << entry.status();
    EXPECT_EQ(entry->state, State::kDone);
    EXPECT_EQ(entry->reply, "reply");
  }
}

TEST_P(ContractTest, AWaitForWhatHasEndedIsAnsweredAtOnce) {
  const ClaimAnswer claimed = Unknown("key");
  Answered<Entry> wait;
  ledger_->Wait(claimed.entry.id, wait.callback());
  EXPECT_EQ(wait.Get()->state, State::kUnknown);
  Answered<Entry> nothing;
  ledger_->Wait(EntryId::Make(absl::Now()).value(), nothing.callback());
  EXPECT_TRUE(absl::IsNotFound(nothing.Get().status()));
}

TEST_P(ContractTest, AWaitEndsWhenItIsCancelledAndWithTheLedger) {
  const ClaimAnswer claimed = Claimed("key");
  Answered<Entry> cancelled;
  Answered<Entry> last;
  const WaitId wait = ledger_->Wait(claimed.entry.id, cancelled.callback());
  ledger_->Wait(claimed.entry.id, last.callback());
  ledger_->CancelWait(wait);
  EXPECT_TRUE(absl::IsCancelled(cancelled.Get().status()));
  ledger_->CancelWait(wait);
  ledger_.reset();
  EXPECT_TRUE(absl::IsCancelled(last.Get().status()));
}

TEST_P(ContractTest, ACallbackMayCallTheLedger) {
  Answered<Entry> settled;
  ledger_->Claim(RequestOf("key"), [&](absl::StatusOr<ClaimAnswer> answer) {
    ledger_->Settle(HoldingOf(*answer), {Settlement::kDone}, settled.callback());
  });
  EXPECT_EQ(settled.Get()->state, State::kDone);
}

TEST_P(ContractTest, TheSnapshotIsKeptWhileTheOutcomeIsOpen) {
  const ClaimAnswer claimed = Claimed("key");
  ASSERT_TRUE(KeepBefore(*ledger_, claimed, "refunds: none").ok());
  ASSERT_TRUE(Settle(*ledger_, claimed, {Settlement::kUnknown}).ok());
  Reopen();
  EXPECT_EQ(Find(*ledger_, claimed.entry.id)->before, "refunds: none");
  EXPECT_TRUE(absl::IsFailedPrecondition(KeepBefore(*ledger_, claimed, "later").status()));
  ASSERT_TRUE(Settle(*ledger_, claimed, {Settlement::kDone}).ok());
  EXPECT_EQ(Find(*ledger_, claimed.entry.id)->before, std::nullopt);
}

TEST_P(ContractTest, ASnapshotOfWhatDidNotHappenIsGivenToWhoeverClaimsNext) {
  const ClaimAnswer claimed = Claimed("key");
  ASSERT_TRUE(KeepBefore(*ledger_, claimed, "refunds: none").ok());
  ASSERT_TRUE(Settle(*ledger_, claimed, {Settlement::kUnknown}).ok());
  ASSERT_TRUE(
      Resolve(*ledger_, {.id = claimed.entry.id, .reason = "looked", .resolver = "me"}).ok());
  ClaimRequest request = RequestOf("key");
  request.keeps_before = true;
  for (int i = 0; i < 2; ++i) {
    const ClaimAnswer again = Claim(*ledger_, request).value();
    EXPECT_EQ(again.entry.before, "refunds: none");
    // The upstream could not be read, so nothing was sent.
    ASSERT_TRUE(Settle(*ledger_, again, {Settlement::kNotSent}).ok());
    Reopen();
  }
}

TEST_P(ContractTest, AReaderHasAnUnknownForItself) {
  const ClaimAnswer claimed = Unknown("key");
  ASSERT_TRUE(Settle(*ledger_, Claimed("done"), {Settlement::kDone}).ok());
  const std::vector<Entry> taken = *Take(*ledger_, {});
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0].id, claimed.entry.id);
  EXPECT_EQ(taken[0].looks, 1);
  EXPECT_THAT(*Take(*ledger_, {}), IsEmpty());
  EXPECT_THAT(*Take(*ledger_, {.id = claimed.entry.id}), IsEmpty());

  const absl::StatusOr<Entry> postponed = Postpone(
      *ledger_, {{taken[0].id, taken[0].attempt}, "seen nothing at 12:00", "not found once"});
  ASSERT_TRUE(postponed.ok()) << postponed.status();
  EXPECT_EQ(postponed->state, State::kUnknown);
  EXPECT_EQ(postponed->note, "not found once");
  // The pause before the next look has begun, but a Take of this entry by its id looks at once.
  EXPECT_THAT(*Take(*ledger_, {}), IsEmpty());
  const std::vector<Entry> again = *Take(*ledger_, {.id = claimed.entry.id});
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again[0].progress, "seen nothing at 12:00");
  // The extra look does not lengthen the pause for the next scheduled look.
  EXPECT_EQ(again[0].looks, taken[0].looks);
}

TEST_P(ContractTest, OnlyAnUnknownIsTakenOrPostponed) {
  const ClaimAnswer intent = Claimed("key");
  EXPECT_TRUE(absl::IsFailedPrecondition(Take(*ledger_, {.id = intent.entry.id}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Postpone(*ledger_, {HoldingOf(intent), "", ""}).status()));
}

TEST_P(ContractTest, AListIsPagedAndFiltered) {
  std::set<std::string> unknown;
  for (int i = 0; i < 25; ++i) {
    unknown.insert(Unknown(absl::StrCat("unknown", i)).entry.id.text());
    ASSERT_TRUE(Settle(*ledger_, Claimed(absl::StrCat("done", i)), {Settlement::kDone}).ok());
  }
  std::set<std::string> listed;
  ListRequest request{.state = State::kUnknown, .upstream = "paynow", .page_size = 10};
  int pages = 0;
  do {
    const absl::StatusOr<ListPage> page = List(*ledger_, request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const Entry& entry : page->entries) listed.insert(entry.id.text());
    request.page_token = page->next_page_token;
    ++pages;
  } while (!request.page_token.empty());
  EXPECT_EQ(listed, unknown);
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(List(*ledger_, {.page_size = 1000})->entries, SizeIs(50));
  EXPECT_THAT(List(*ledger_, {.state = State::kDone})->entries, SizeIs(25));
  EXPECT_THAT(List(*ledger_, {.upstream = "another"})->entries, IsEmpty());
  EXPECT_THAT(List(*ledger_, {.store = "another"})->entries, IsEmpty());
  EXPECT_THAT(List(*ledger_, {.min_age = absl::Hours(1)})->entries, IsEmpty());
  EXPECT_TRUE(absl::IsInvalidArgument(List(*ledger_, {.page_token = "x"}).status()));
}

TEST_P(ContractTest, OneOfManyCallersGetsAKey) {
  constexpr int kCallers = 1000;
  std::vector<Answered<ClaimAnswer>> answers(kCallers);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < kCallers; i += 4) {
        ledger_->Claim(RequestOf("key"), answers[static_cast<size_t>(i)].callback());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<ClaimAnswer::Kind, int> kinds;
  for (Answered<ClaimAnswer>& answer : answers) ++kinds[answer.Get()->kind];
  EXPECT_EQ(kinds[ClaimAnswer::kClaimed], 1);
  EXPECT_EQ(kinds[ClaimAnswer::kInProgress], kCallers - 1);
}

TEST_P(ContractTest, OneOfManyKeysGetsAGuard) {
  constexpr int kCallers = 200;
  std::vector<Answered<ClaimAnswer>> answers(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    ledger_->Claim(RequestOf(absl::StrCat("key", i), "print", "guard"),
                   answers[static_cast<size_t>(i)].callback());
  }
  std::map<ClaimAnswer::Kind, int> kinds;
  for (Answered<ClaimAnswer>& answer : answers) ++kinds[answer.Get()->kind];
  EXPECT_EQ(kinds[ClaimAnswer::kClaimed], 1);
  EXPECT_EQ(kinds[ClaimAnswer::kGuarded], kCallers - 1);
}

INSTANTIATE_TEST_SUITE_P(Stores, ContractTest, testing::Values("Sqlite", "Postgresql"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace gateway::ledger
