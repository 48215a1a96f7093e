// Whatever the documents state is in the contract data, apart from what digest.exceptions.json
// leaves out with a reason. Without this, data that dropped something would agree with protos that
// never had it: so Qashier's event was lost once.
#include "tests/contract/digest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/contract/providers.h"

namespace gateway::contract {
namespace {

using nlohmann::json;

json PayNowEvents() {
  return json::parse(std::ifstream(SOURCE_DIR "/tests/end_to_end/testdata/paynow_events.json"));
}

// Without what is left out on purpose.
std::set<std::string> Unexplained(const std::string& provider, std::set<std::string> missing) {
  for (const auto& left_out : DigestExceptionsOf(provider).left_out) missing.erase(left_out.what);
  return missing;
}

bool HasMore(const std::set<std::string>& after, const std::set<std::string>& before) {
  return !std::includes(before.begin(), before.end(), after.begin(), after.end());
}

class DigestTest : public testing::TestWithParam<const char*> {
 protected:
  std::set<std::string> MissingWith(const json& contract) const {
    std::set<std::string> missing = MissingFrom(contract, digest_, exceptions_.renamed);
    if (!digest_["event_schemas"].empty())
      missing.merge(EventsMissingFrom(PayNowEvents(), digest_));
    return missing;
  }

  const std::string provider_ = GetParam();
  const json contract_ = ContractOf(provider_);
  const json digest_ = DigestOf(provider_);
  const DigestExceptions exceptions_ = DigestExceptionsOf(provider_);
};

TEST_P(DigestTest, NothingThatTheDocumentsStateIsMissing) {
  for (const std::string& what : Unexplained(provider_, MissingWith(contract_))) {
    ADD_FAILURE() << provider_ << " documents it, and the contract data has it not: " << what;
  }
  size_t members = 0;
  for (const json& schema : digest_["schemas"]) members += schema.size() - 1;
  std::cout << provider_ << ": " << digest_["operations"].size() << " operations, "
            << digest_["schemas"].size() << " schemas with " << members << " members, "
            << digest_["events"].size() << " events, " << exceptions_.left_out.size()
            << " things left out\n";
  EXPECT_GT(members, 30u);
}

TEST_P(DigestTest, WhatIsLeftOutIsMissingAndHasAReason) {
  const std::set<std::string> missing = MissingWith(contract_);
  for (const auto& left_out : exceptions_.left_out) {
    EXPECT_EQ(missing.count(left_out.what), 1u) << left_out.what << " is there";
    EXPECT_GT(left_out.reason.size(), 20u) << left_out.what;
  }
  for (const auto& [name, other] : exceptions_.renamed.items()) {
    EXPECT_TRUE(digest_["schemas"].contains(name) || digest_["operations"].contains(name)) << name;
  }
}

// The comparison sees every operation, schema, field, text and event that the data could lose.
TEST_P(DigestTest, NoticesWhateverIsDropped) {
  const std::set<std::string> before = MissingWith(contract_);
  const auto expect_more = [&](const json& contract, const std::string& dropped) {
    EXPECT_TRUE(HasMore(MissingWith(contract), before)) << dropped << " was not noticed";
  };
  for (const auto& [name, said] : digest_["operations"].items()) {
    const std::string own = exceptions_.renamed.value(name, name);
    json contract = contract_;
    auto& operations = contract["operations"];
    for (size_t i = operations.size(); i-- > 0;) {
      if (own == absl::StrCat(operations[i]["verb"].get<std::string>(), " ",
                              operations[i]["path"].get<std::string>())) {
        operations.erase(i);
      }
    }
    expect_more(contract, name);
  }
  size_t position = 0;
  for (const auto& [name, members] : digest_["schemas"].items()) {
    const std::string own = exceptions_.renamed.value(name, name);
    if (!contract_["schemas"].contains(own)) continue;
    json contract = contract_;
    contract["schemas"].erase(own);
    expect_more(contract, name);
    for (const auto& [member, said] : members.items()) {
      // PayNow has 1,667 of them, and a look takes milliseconds.
      if (member.empty() || (provider_ == kPaynow && ++position % 17 != 0)) continue;
      if (!contract_["schemas"][own]["fields"].contains(member)) continue;
      contract = contract_;
      contract["schemas"][own]["fields"].erase(member);
      expect_more(contract, absl::StrCat(name, ".", member));
    }
  }
  for (size_t i = 0; i < contract_.value("events", json::array()).size(); ++i) {
    json contract = contract_;
    contract["events"].erase(i);
    expect_more(contract, absl::StrCat("event ", i));
  }
}

TEST_P(DigestTest, NoticesEveryTextOfAnEnumeration) {
  const std::set<std::string> before = MissingWith(contract_);
  size_t texts = 0;
  for (const auto& [name, schema] : contract_["schemas"].items()) {
    for (size_t i = 0; i < schema.value("enum", json::array()).size(); ++i) {
      if (provider_ == kPaynow && ++texts % 17 != 0) continue;
      json contract = contract_;
      contract["schemas"][name]["enum"].erase(i);
      EXPECT_TRUE(HasMore(MissingWith(contract), before)) << name << " " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, DigestTest, testing::ValuesIn(kProviders),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace gateway::contract
