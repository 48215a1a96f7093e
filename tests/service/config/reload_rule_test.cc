#include "service/config/reload_rule.h"

#include <gtest/gtest.h>

#include <string>

namespace gateway {
namespace {

constexpr char kRefused[] = "k: cannot change without a restart";
constexpr char kRefusedOn[] = "k: can be turned on by a restart alone";

RuledValues One(ReloadRule rule, const std::string& value) { return {{"k", {rule, value}}}; }

std::string Error(const RuledValues& now, const RuledValues& next) {
  return std::string(CheckReload(now, next).message());
}

TEST(ReloadRuleTest, WhatNeedsARestartStaysAsItIs) {
  for (const ReloadRule rule : {ReloadRule::kRestart, ReloadRule::kSamePresence}) {
    EXPECT_EQ(Error(One(rule, "1"), One(rule, "1")), "");
    EXPECT_EQ(Error(One(rule, "1"), One(rule, "2")), kRefused);
    EXPECT_EQ(Error(One(rule, "1"), {}), kRefused);
    EXPECT_EQ(Error({}, One(rule, "1")), kRefused);
  }
}

TEST(ReloadRuleTest, ACheckMayBeTurnedOnByAReloadAndNotOff) {
  const RuledValues on = One(ReloadRule::kOffOnly, "true");
  const RuledValues off = One(ReloadRule::kOffOnly, "false");
  EXPECT_EQ(Error(on, on), "");
  EXPECT_EQ(Error(on, off), "");
  EXPECT_EQ(Error(on, {}), "");
  EXPECT_EQ(Error(off, {}), "");
  EXPECT_EQ(Error({}, off), "");
  EXPECT_EQ(Error(off, on), kRefusedOn);
  EXPECT_EQ(Error({}, on), kRefusedOn);
}

TEST(ReloadRuleTest, NamesTheKeyThatChangedAmongOthers) {
  const RuledValues now = {{"a", {ReloadRule::kRestart, "1"}}, {"b", {ReloadRule::kRestart, "1"}}};
  RuledValues next = now;
  next["b"].value = "2";
  EXPECT_EQ(Error(now, next), "b: cannot change without a restart");
}

}  // namespace
}  // namespace gateway
