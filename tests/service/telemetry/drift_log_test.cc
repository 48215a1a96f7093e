#include "service/telemetry/drift_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/service/captured_stderr.h"

namespace gateway {
namespace {

using mapping::Drift;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class DriftLogTest : public testing::Test {
 protected:
  DriftLogTest() {
    message_.full_name = "p.OrderDto";
    status_.full_name = "p.OrderDto.status";
    secret_.full_name = "p.OrderDto.token";
    secret_.sensitive = true;
  }

  Drift Member(const std::string& text, size_t count = 1) const {
    return {Drift::Kind::kUnknownMember, &message_, nullptr, text, count};
  }
  Drift EnumText(const std::string& text, size_t count = 1) const {
    return {Drift::Kind::kUnknownEnumText, &message_, &status_, text, count};
  }

  // Returns "kind field text" for each logged line.
  std::vector<std::string> Logged() const {
    std::vector<std::string> all;
    for (const std::string& line : captured_.Lines()) {
      const auto json = nlohmann::json::parse(line);
      EXPECT_EQ(json["severity"], "warning");
      all.push_back(absl::StrCat(json["kind"].get<std::string>(), " ",
                                 json["field"].get<std::string>(), " ",
                                 json["text"].get<std::string>()));
    }
    return all;
  }

  mapping::MessagePlan message_;
  mapping::FieldPlan status_;
  mapping::FieldPlan secret_;
  DriftLog log_;
  CapturedStderr captured_;
};

TEST_F(DriftLogTest, SaysNothingWhereNothingDrifted) {
  log_.Record({});
  EXPECT_THAT(log_.Counts(), IsEmpty());
  EXPECT_THAT(Logged(), IsEmpty());
}

TEST_F(DriftLogTest, CountsByFieldAndLogsEachTextOnce) {
  for (int i = 0; i < 3; ++i) {
    log_.Record({EnumText("paused", 2),
                 EnumText("frozen"),
                 Member("new_member"),
                 {Drift::Kind::kMissingRequired, &message_, &status_, ""}});
  }
  EXPECT_THAT(log_.Counts(), ElementsAre(Pair("missing_required p.OrderDto.status", 3),
                                         Pair("unknown_enum_text p.OrderDto.status", 9),
                                         Pair("unknown_member p.OrderDto", 3)));
  EXPECT_THAT(Logged(), ElementsAre("unknown_enum_text p.OrderDto.status paused",
                                    "unknown_enum_text p.OrderDto.status frozen",
                                    "unknown_member p.OrderDto new_member",
                                    "missing_required p.OrderDto.status "));
}

TEST_F(DriftLogTest, HidesTheTextOfASensitiveField) {
  log_.Record({{Drift::Kind::kUnknownEnumText, &message_, &secret_, "MARKER"},
               {Drift::Kind::kMissingRequired, &message_, &secret_, ""}});
  EXPECT_THAT(Logged(), ElementsAre("unknown_enum_text p.OrderDto.token (sensitive)",
                                    "missing_required p.OrderDto.token "));
}

// An object whose members are IDs does not prevent other drift from being logged.
TEST_F(DriftLogTest, LogsSoManyTextsOfAFieldAndCountsAll) {
  for (int i = 0; i < 1500; ++i) log_.Record({Member(absl::StrCat("m", i))});
  log_.Record({EnumText("paused")});
  EXPECT_EQ(Logged().size(), 51u);
  EXPECT_EQ(Logged().back(), "unknown_enum_text p.OrderDto.status paused");
  EXPECT_THAT(log_.Counts(), ElementsAre(Pair("unknown_enum_text p.OrderDto.status", 1),
                                         Pair("unknown_member p.OrderDto", 1500)));
}

TEST_F(DriftLogTest, SpeaksAgainAfterAWhile) {
  const SteadyTime start = SteadyTime::Epoch() + absl::Hours(1000);
  const auto record = [&](absl::Duration after) {
    for (int i = 0; i < 100; ++i) log_.Record({Member(absl::StrCat("m", i))}, {}, start + after);
  };
  record(absl::ZeroDuration());
  record(absl::Minutes(59));
  EXPECT_EQ(Logged().size(), 50u);
  record(absl::Minutes(61));
  EXPECT_EQ(Logged().size(), 100u);
}

TEST_F(DriftLogTest, MayBeUsedFromSeveralThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < 500; ++n) {
        log_.Record({EnumText(absl::StrCat("t", n % 10))});
        log_.Counts();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(log_.Counts(), ElementsAre(Pair("unknown_enum_text p.OrderDto.status", 2000)));
  EXPECT_EQ(Logged().size(), 10u);
}

}  // namespace
}  // namespace gateway
