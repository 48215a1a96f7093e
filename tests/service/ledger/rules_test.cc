// The table of service/ledger/rules.h, row by row.
#include "service/ledger/rules.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/service/ledger/calls.h"

namespace gateway::ledger {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

Row RowIn(State state) {
  Row row = NewRow(RequestOf("key", "print", "guard"), EntryId::Make(kNow).value(), 1, kNow);
  const Options options = TestOptions();
  const Holding holding{row.entry.id, 1};
  switch (state) {
    case State::kIntent:
      break;
    case State::kDone:
      EXPECT_TRUE(*ApplySettle(options, holding, {Settlement::kDone, "reply"}, kNow, row));
      break;
    case State::kReleased:
      EXPECT_TRUE(*ApplySettle(options, holding, {Settlement::kRefused}, kNow, row));
      break;
    case State::kNotDone:
    case State::kUnknown:
      EXPECT_TRUE(*ApplySettle(options, holding, {Settlement::kUnknown}, kNow, row));
      if (state == State::kUnknown) break;
      EXPECT_TRUE(
          *ApplyResolve(options, {.id = row.entry.id, .reason = "r", .resolver = "me"}, kNow, row));
      break;
  }
  EXPECT_EQ(row.entry.state, state);
  return row;
}

// The result of a rule as text: the new state, "-" for no change, or "refused".
std::string After(Changed changed, const Row& row) {
  if (!changed.ok()) return absl::IsFailedPrecondition(changed.status()) ? "refused" : "?";
  return *changed ? std::string(Name(row.entry.state)) : "-";
}

std::string Settled(State state, Settlement::Outcome outcome) {
  Row row = RowIn(state);
  Changed changed = ApplySettle(TestOptions(), {row.entry.id, 1}, {outcome}, kNow, row);
  return After(std::move(changed), row);
}

std::string Resolved(State state, bool done) {
  Row row = RowIn(state);
  Changed changed =
      ApplyResolve(TestOptions(),
                   {.id = row.entry.id, .done = done, .reason = "r", .resolver = "me"}, kNow, row);
  return After(std::move(changed), row);
}

struct Case {
  State state;
  ClaimAnswer::Kind claim;
  const char* done;
  const char* released;
  const char* unknown;
  const char* resolved_done;
  const char* resolved_not_done;
};

TEST(RulesTest, AClockThatWasSetBackMakesNothingHarmless) {
  const Row row = RowIn(State::kUnknown);
  ClaimRequest request = RequestOf("key", "print");
  for (const absl::Duration step : {-absl::Hours(1), absl::ZeroDuration(), absl::Hours(1)}) {
    EXPECT_EQ(JudgeClaim(row, request, kNow + step), ClaimAnswer::kUnknown);
  }
  request.harmless_for = absl::Minutes(10);
  EXPECT_EQ(JudgeClaim(row, request, kNow - absl::Hours(1)), ClaimAnswer::kUnknown);
  EXPECT_EQ(JudgeClaim(row, request, kNow), ClaimAnswer::kClaimed);
  EXPECT_EQ(JudgeClaim(row, request, kNow + absl::Hours(1)), ClaimAnswer::kUnknown);
}

// The clock was ahead when the key was claimed, and was set back before the entry became UNKNOWN.
TEST(RulesTest, AClockThatWasAheadMakesNothingHarmlessForLonger) {
  Row row = RowIn(State::kUnknown);
  row.entry.changed = kNow - absl::Hours(1);
  ClaimRequest request = RequestOf("key", "print");
  request.harmless_for = absl::Minutes(10);
  EXPECT_EQ(JudgeClaim(row, request, kNow - absl::Minutes(30)), ClaimAnswer::kUnknown);
  EXPECT_EQ(JudgeClaim(row, request, kNow), ClaimAnswer::kClaimed);
}

// Under another key, the upstream would execute the write a second time.
TEST(RulesTest, AnAttemptInDoubtKeepsTheKeyOfTheFirst) {
  ClaimRequest by_name = RequestOf("key", "print");
  by_name.sent_under_name = true;
  Row old = RowIn(State::kUnknown);
  ClaimAgain(by_name, 2, kNow, old);
  EXPECT_EQ(old.entry.progress, "");

  Row fresh = NewRow(by_name, EntryId::Make(kNow).value(), 1, kNow);
  EXPECT_EQ(fresh.entry.progress, kSentUnderName);
  BecomeUnknown("", kNow, fresh);
  ClaimAgain(by_name, 2, kNow, fresh);
  EXPECT_EQ(fresh.entry.progress, kSentUnderName);

  Row released = RowIn(State::kReleased);
  ClaimAgain(by_name, 2, kNow, released);
  EXPECT_EQ(released.entry.progress, kSentUnderName);
}

// A lost write may take effect late. So later reads are compared with the snapshot that was made
// before the first send, even after later claims that sent nothing.
TEST(RulesTest, ASnapshotOfWhatDidNotHappenStaysUntilTheWriteIsSentAgain) {
  const Options options = TestOptions();
  ClaimRequest request = RequestOf("key", "print");
  request.keeps_before = true;
  Row row = NewRow(request, EntryId::Make(kNow).value(), 1, kNow);
  ASSERT_TRUE(*ApplyBefore(options, {row.entry.id, 1}, "none", row));
  ASSERT_TRUE(*ApplySettle(options, {row.entry.id, 1}, {Settlement::kUnknown}, kNow, row));
  ASSERT_TRUE(
      *ApplyResolve(options, {.id = row.entry.id, .reason = "r", .resolver = "me"}, kNow, row));
  for (int64_t attempt = 2; attempt < 4; ++attempt) {
    ClaimAgain(request, 1, kNow, row);
    EXPECT_EQ(OpenEntry(*options.cipher, row)->before, "none");
    ASSERT_TRUE(*ApplySettle(options, {row.entry.id, attempt}, {Settlement::kNotSent}, kNow, row));
    EXPECT_EQ(OpenEntry(*options.cipher, row)->before, "none");
  }
  ClaimAgain(request, 1, kNow, row);
  ASSERT_TRUE(*ApplyBefore(options, {row.entry.id, 4}, "none again", row));
  ASSERT_TRUE(*ApplySettle(options, {row.entry.id, 4}, {Settlement::kRefused}, kNow, row));
  EXPECT_EQ(OpenEntry(*options.cipher, row)->before, std::nullopt);
}

TEST(RulesTest, TheTable) {
  constexpr Case kTable[] = {
      {State::kIntent, ClaimAnswer::kInProgress, "DONE", "RELEASED", "UNKNOWN", "refused",
       "refused"},
      {State::kDone, ClaimAnswer::kDone, "-", "refused", "refused", "-", "refused"},
      {State::kReleased, ClaimAnswer::kClaimed, "DONE", "-", "refused", "refused", "refused"},
      {State::kUnknown, ClaimAnswer::kUnknown, "DONE", "RELEASED", "-", "DONE", "NOT_DONE"},
      {State::kNotDone, ClaimAnswer::kClaimed, "DONE", "-", "-", "DONE", "-"},
  };
  for (const Case& row : kTable) {
    SCOPED_TRACE(std::string(Name(row.state)));
    EXPECT_EQ(JudgeClaim(RowIn(row.state), RequestOf("key", "print"), kNow), row.claim);
    EXPECT_EQ(JudgeClaim(RowIn(row.state), RequestOf("key", "another"), kNow),
              ClaimAnswer::kReused);
    EXPECT_EQ(Settled(row.state, Settlement::kDone), row.done);
    EXPECT_EQ(Settled(row.state, Settlement::kNotSent), row.released);
    EXPECT_EQ(Settled(row.state, Settlement::kRefused), row.released);
    EXPECT_EQ(Settled(row.state, Settlement::kUnknown), row.unknown);
    EXPECT_EQ(Resolved(row.state, true), row.resolved_done);
    EXPECT_EQ(Resolved(row.state, false), row.resolved_not_done);
  }
}

TEST(RulesTest, AReplyThatWasNotKnownIsAddedToADone) {
  Row row = RowIn(State::kUnknown);
  const Options options = TestOptions();
  ASSERT_TRUE(*ApplyResolve(
      options, {.id = row.entry.id, .done = true, .reason = "r", .resolver = "me"}, kNow, row));
  EXPECT_FALSE(row.sealed_reply.has_value());
  EXPECT_TRUE(*ApplySettle(options, {row.entry.id, 1}, {Settlement::kDone, "reply"}, kNow, row));
  EXPECT_EQ(OpenEntry(*options.cipher, row)->reply, "reply");
}

TEST(RulesTest, AnotherAttemptsResultIsNone) {
  Row row = RowIn(State::kReleased);
  ClaimAgain(RequestOf("key"), 2, kNow, row);
  const Settlement done{Settlement::kDone};
  EXPECT_TRUE(
      absl::IsAborted(ApplySettle(TestOptions(), {row.entry.id, 1}, done, kNow, row).status()));
  EXPECT_TRUE(IsContradiction({row.entry.id, 1}, done, row));
  EXPECT_FALSE(IsContradiction({row.entry.id, 2}, done, row));
  EXPECT_FALSE(IsContradiction({row.entry.id, 1}, {Settlement::kNotSent}, row));
}

// Two claims may have the same attempt, if one of them never became durable.
TEST(RulesTest, AClaimIsTakenBackByItselfAlone) {
  Row row = RowIn(State::kReleased);
  ClaimAgain(RequestOf("key"), 7, kNow, row);
  const Holding holding{row.entry.id, 2};
  EXPECT_FALSE(*ApplyTakeBack(TestOptions(), {holding, 8}, kNow, row));
  EXPECT_FALSE(*ApplyTakeBack(TestOptions(), {{row.entry.id, 1}, 7}, kNow, row));
  EXPECT_EQ(row.entry.state, State::kIntent);
  EXPECT_TRUE(*ApplyTakeBack(TestOptions(), {holding, 7}, kNow, row));
  EXPECT_EQ(row.entry.state, State::kReleased);
  EXPECT_FALSE(*ApplyTakeBack(TestOptions(), {holding, 7}, kNow, row));
}

TEST(RulesTest, ALeaseOfAClockThatWasSetBackIsNone) {
  Row row = RowIn(State::kUnknown);
  Lease(TestOptions(), {.lease = absl::Minutes(1)}, kNow, row);
  EXPECT_TRUE(IsLeased(row, kNow));
  EXPECT_FALSE(IsLeased(row, kNow + absl::Minutes(1)));
  EXPECT_FALSE(IsLeased(row, kNow - absl::Hours(2)));
}

}  // namespace
}  // namespace gateway::ledger
