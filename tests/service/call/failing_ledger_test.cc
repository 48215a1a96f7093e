// What the caller of a keyed write is told if the ledger fails during the call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/call/keyed_write.h"
#include "service/generation/slot.h"
#include "upstream/credentials.h"
#include "upstream/mapping/descriptors.h"

namespace gateway {
namespace {

using ledger::ClaimAnswer;
using ledger::Done;
using ledger::Entry;
using ledger::Settlement;
using ledger::State;

// A ledger that answers at once. Claim answers from `answers`, and fails when they are used up;
// Settle and KeepBefore succeed; all other calls fail.
class ScriptedLedger final : public ledger::Ledger {
 public:
  void Claim(ledger::ClaimRequest, Done<ClaimAnswer> done) override {
    ++claims;
    absl::StatusOr<ClaimAnswer> answer = absl::UnavailableError("the disk is gone");
    if (!answers.empty()) {
      answer = answers.front();
      answers.pop_front();
    }
    done(std::move(answer));
  }
  void Settle(ledger::Holding, Settlement settlement, Done<Entry> done) override {
    settled.push_back(settlement.outcome);
    done(Entry());
  }
  void KeepBefore(ledger::Holding, std::string, Done<Entry> done) override { done(Entry()); }
  void Find(ledger::EntryId, Done<Entry> done) override { done(Gone()); }
  void FindKey(ledger::Scope, Done<Entry> done) override { done(Gone()); }
  void List(ledger::ListRequest, Done<ledger::ListPage> done) override { done(Gone()); }
  void Resolve(ledger::Resolution, Done<Entry> done) override { done(Gone()); }
  ledger::WaitId Wait(ledger::EntryId, Done<Entry> done) override {
    if (answers_waits) {
      done(Gone());
    } else {
      wait = std::move(done);
    }
    return 1;
  }
  void CancelWait(ledger::WaitId) override { cancelled = true; }
  void Take(ledger::TakeRequest, Done<std::vector<Entry>> done) override { done(Gone()); }
  void Postpone(ledger::Postponement, Done<Entry> done) override { done(Gone()); }
  void Tend(Done<int64_t> done) override { done(Gone()); }
  ledger::LedgerStats stats() const override { return {}; }

  static absl::Status Gone() { return absl::UnavailableError("the disk is gone"); }

  std::deque<absl::StatusOr<ClaimAnswer>> answers;
  std::vector<Settlement::Outcome> settled;
  int claims = 0;
  bool answers_waits = true;
  Done<Entry> wait;  // that has no answer yet
  bool cancelled = false;
};

class NoRenewal final : public KeyRenewal {
 public:
  void Renew(const Upstream&, std::shared_ptr<const Credentials>, Done) override {}
};

ClaimAnswer Claimed(ledger::Release release, int64_t attempt) {
  ClaimAnswer answer{ClaimAnswer::kClaimed, {}};
  answer.entry.id = ledger::EntryId::Make(absl::Now()).value();
  answer.entry.attempt = attempt;
  answer.entry.release = release;
  answer.entry.progress = std::string(ledger::kSentUnderName);
  return answer;
}

Answer Lost() {
  mapping::Failure failure;
  failure.code = absl::StatusCode::kUnknown;
  failure.outcome = mapping::Outcome::kUnknown;
  failure.reason = "CONNECTION_LOST";
  return {std::move(failure), 0, "store"};
}

class FailingLedgerTest : public testing::Test, public KeyedWrite::Owner {
 protected:
  FailingLedgerTest() : in_use_(ledger::Fingerprinter::Create(std::string(32, 's')).value()) {
    auto scripted = std::make_unique<ScriptedLedger>();
    ledger_ = scripted.get();
    in_use_.ledger = std::move(scripted);
    reconciler_ = std::make_unique<Reconciler>(*ledger_, read_back_, in_force_);
  }

  // Begins a write that may be sent again, because the upstream honours its idempotency key.
  void Begin() {
    KeyedWrite::Terms terms;
    terms.scope = {"caller", "upstream", "store", "rpc", "key"};
    terms.deadline = SteadyTime::Now() + absl::Seconds(30);
    terms.sends_key = true;
    terms.harmless_for = absl::Minutes(10);
    write_ = std::make_unique<KeyedWrite>(in_use_, *reconciler_, generation_, *this,
                                          std::move(terms), std::string("print"));
    write_->Begin();
  }

  void Send(const std::string& key) override { sent_.push_back(key); }
  void Conclude(Answer answer) override { told_ = std::move(answer); }
  void NoteEntry(const std::string&, bool) override {}
  void NoteStep(absl::string_view step, absl::string_view said, SteadyTime) override {
    steps_.push_back(absl::StrCat(step, ": ", said));
  }

  mapping::Failure Told() const {
    const auto* const failure = told_ ? std::get_if<mapping::Failure>(&told_->result) : nullptr;
    EXPECT_NE(failure, nullptr);
    return failure == nullptr ? mapping::Failure() : *failure;
  }

  NoRenewal renewal_;
  const std::unique_ptr<const mapping::RouteTable> routes_ =
      *mapping::RouteTable::Compile(mapping::EmbeddedFiles());
  const ReadBack read_back_{*routes_, renewal_};
  const Slot<Generation> in_force_{std::make_shared<const Generation>()};
  const Generation generation_;
  LedgerInUse in_use_;
  ScriptedLedger* ledger_ = nullptr;
  std::unique_ptr<Reconciler> reconciler_;
  std::unique_ptr<KeyedWrite> write_;
  std::vector<std::string> sent_;  // the key of each request
  std::vector<std::string> steps_;
  std::optional<Answer> told_;
};

// The first request may have been executed, so the outcome must not be "not sent".
TEST_F(FailingLedgerTest, AWriteThatCannotBeClaimedAgainIsStillUnknown) {
  ledger_->answers.push_back(Claimed(ledger::Release::kNone, 1));
  Begin();
  ASSERT_EQ(sent_.size(), 1u);
  write_->Finish(Lost());
  EXPECT_EQ(ledger_->claims, 2);
  EXPECT_EQ(sent_.size(), 1u);
  EXPECT_EQ(Told().outcome, mapping::Outcome::kUnknown);
  EXPECT_EQ(Told().reason, "CONNECTION_LOST");
  EXPECT_THAT(steps_, testing::ElementsAre("claim: sent", "settle: INTENT", "claim: unavailable"));
}

// Another call with the key has claimed the write between the two sends of this one.
class ClaimedByAnotherTest : public FailingLedgerTest {
 protected:
  void LoseTheFirstSend() {
    ClaimAnswer other = Claimed(ledger::Release::kInDoubt, 2);
    other.kind = ClaimAnswer::kInProgress;
    ledger_->answers = {Claimed(ledger::Release::kNone, 1), other};
    Begin();
    write_->Finish(Lost());
    EXPECT_EQ(sent_.size(), 1u);
  }
  void ExpectTheFirstAnswer() const {
    EXPECT_EQ(Told().outcome, mapping::Outcome::kUnknown);
    EXPECT_EQ(Told().reason, "CONNECTION_LOST");
  }
};

TEST_F(ClaimedByAnotherTest, AWaitThatIsCutShortLeavesTheFirstAnswer) {
  ledger_->answers_waits = false;
  LoseTheFirstSend();
  EXPECT_FALSE(told_.has_value());
  write_->Stop();
  ASSERT_TRUE(ledger_->cancelled);
  ledger_->wait(absl::CancelledError("was cancelled"));
  ExpectTheFirstAnswer();
}

TEST_F(ClaimedByAnotherTest, AWaitThatFailsLeavesTheFirstAnswer) {
  LoseTheFirstSend();
  ExpectTheFirstAnswer();
}

TEST_F(ClaimedByAnotherTest, AnEndWithoutTheWriteLeavesTheFirstAnswer) {
  ledger_->answers_waits = false;
  for (const State state : {State::kReleased, State::kUnknown, State::kIntent}) {
    LoseTheFirstSend();
    Entry ended;
    ended.state = state;
    ledger_->wait(ended);
    ExpectTheFirstAnswer();
    sent_.clear();
    told_.reset();
  }
}

// What the other call brought is the write's outcome.
TEST_F(ClaimedByAnotherTest, AReplyOfTheOtherCallIsTheAnswer) {
  ledger_->answers_waits = false;
  LoseTheFirstSend();
  Entry ended;
  ended.state = State::kDone;
  ended.reply = "reply";
  ledger_->wait(ended);
  ASSERT_TRUE(told_.has_value());
  EXPECT_EQ(std::get<mapping::Reply>(told_->result).message, "reply");
}

TEST_F(FailingLedgerTest, ARefusalOfTheSecondClaimLeavesTheFirstAnswer) {
  for (const ClaimAnswer::Kind kind :
       {ClaimAnswer::kUnknown, ClaimAnswer::kReused, ClaimAnswer::kGuarded}) {
    ClaimAnswer refused = Claimed(ledger::Release::kNone, 1);
    refused.kind = kind;
    ledger_->answers = {Claimed(ledger::Release::kNone, 1), refused};
    Begin();
    write_->Finish(Lost());
    EXPECT_EQ(Told().outcome, mapping::Outcome::kUnknown);
    EXPECT_EQ(Told().reason, "CONNECTION_LOST");
  }
}

TEST_F(FailingLedgerTest, AFirstClaimThatFailsIsNotSent) {
  Begin();
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(Told().outcome, mapping::Outcome::kNotSent);
  EXPECT_EQ(Told().reason, "LEDGER_UNAVAILABLE");
}

TEST_F(FailingLedgerTest, AWriteIsSentAgainUnderTheSameName) {
  const ClaimAnswer first = Claimed(ledger::Release::kNone, 1);
  ClaimAnswer second = first;
  second.entry.attempt = 2;
  second.entry.release = ledger::Release::kInDoubt;
  ledger_->answers = {first, second};
  Begin();
  write_->Finish(Lost());
  EXPECT_THAT(sent_, testing::ElementsAre(first.entry.id.text(), first.entry.id.text()));
  // The second attempt was refused, which does not tell the outcome of the first attempt.
  mapping::Failure refused;
  refused.code = absl::StatusCode::kInvalidArgument;
  refused.outcome = mapping::Outcome::kRefused;
  write_->Finish({refused, 422, "store"});
  EXPECT_EQ(Told().outcome, mapping::Outcome::kUnknown);
}

// An older release sent the caller's own key to the upstream, and so does this retry.
TEST_F(FailingLedgerTest, WhatWasSentUnderTheCallersKeyIsSentUnderItAgain) {
  ClaimAnswer old = Claimed(ledger::Release::kInDoubt, 2);
  old.entry.progress.clear();
  ledger_->answers.push_back(old);
  Begin();
  EXPECT_THAT(sent_, testing::ElementsAre("key"));
}

}  // namespace
}  // namespace gateway
