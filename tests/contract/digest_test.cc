// Everything that the documents state is in the contract data, except what digest.exceptions.json
// leaves out with a reason. Without this test, the data and the protos could lack the same thing
// and still agree. Qashier's event was once lost in this way.
#include "tests/contract/digest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/contract/providers.h"

namespace gateway::contract {
namespace {

using nlohmann::json;

json PayNowEvents() {
  return json::parse(std::ifstream(SOURCE_DIR "/tests/end_to_end/testdata/paynow_events.json"));
}

constexpr char kChanges[] = SOURCE_DIR "/tests/contract/digest.changes.json";

// Returns, by provider, the words that a later version of the contract contradicts.
json Changes() { return json::parse(std::ifstream(kChanges)); }

// Returns the missing things, without those that digest.exceptions.json leaves out.
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
  const json renamed_ = RenamedIn(contract_, exceptions_.renamed);
};

// Compares the words that the contract data contradicts with digest.changes.json. If
// RECORD_DIGEST_CHANGES is set (tools/scripts/contract.sh sets it), writes them to that file first.
TEST_P(DigestTest, WhatALaterVersionSaysOtherwiseIsWrittenDown) {
  std::set<std::string> words;
  for (const std::string& what : Unexplained(provider_, MissingWith(contract_))) {
    if (IsWord(what)) words.insert(what);
  }
  json changes = Changes();
  if (std::getenv("RECORD_DIGEST_CHANGES") != nullptr) {
    changes[provider_] = words;
    std::ofstream(kChanges) << changes.dump(1) << "\n";
  }
  EXPECT_EQ(Changes().at(provider_).get<std::set<std::string>>(), words);
}

TEST_P(DigestTest, NothingThatTheDocumentsStateIsMissing) {
  for (const std::string& what : Unexplained(provider_, MissingWith(contract_))) {
    if (IsWord(what)) continue;
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
    const std::string own = renamed_.value(name, name);
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
    const std::string own = renamed_.value(name, name);
    if (!contract_["schemas"].contains(own)) continue;
    json contract = contract_;
    contract["schemas"].erase(own);
    expect_more(contract, name);
    for (const auto& [member, said] : members.items()) {
      // PayNow has 1,667 members, and each check takes milliseconds: so only some are tried.
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

// Returns the index of `text` in the enumeration, or the enumeration's size if it is not there.
size_t IndexOf(const json& texts, const std::string& text) {
  return static_cast<size_t>(std::find(texts.begin(), texts.end(), json(text)) - texts.begin());
}

TEST_P(DigestTest, NoticesEveryTextOfAnEnumeration) {
  const std::set<std::string> before = MissingWith(contract_);
  size_t texts = 0;
  for (const auto& [name, members] : digest_["schemas"].items()) {
    const std::string own = renamed_.value(name, name);
    const std::string words = members.value("", "");
    for (absl::string_view word : absl::StrSplit(words, ' ')) {
      if (!absl::ConsumePrefix(&word, "value:")) continue;
      if (provider_ == kPaynow && ++texts % 17 != 0) continue;
      json contract = contract_;
      json& all = contract["schemas"][own]["enum"];
      const size_t index = IndexOf(all, std::string(word));
      ASSERT_LT(index, all.size()) << name << " " << word;
      all.erase(index);
      EXPECT_TRUE(HasMore(MissingWith(contract), before)) << name << " " << word;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, DigestTest, testing::ValuesIn(kProviders),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace gateway::contract
