#include "upstream/mapping/drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using shop::Normal;
using shop::ReadJson;
using shop::ReadText;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Noted {
  Drift::Kind kind;
  std::string field;
  std::string text;
  size_t count;
  bool operator==(const Noted&) const = default;
};

void PrintTo(const Noted& n, std::ostream* out) {
  *out << static_cast<int>(n.kind) << " " << n.field << " " << n.text << " x" << n.count;
}

std::vector<Noted> DriftOf(absl::string_view method, absl::string_view body) {
  std::vector<Noted> noted;
  const auto read = ReadJson(method, body);
  const auto* reply = std::get_if<Reply>(&read);
  EXPECT_NE(reply, nullptr) << body;
  if (reply == nullptr) return noted;
  for (const Drift& drift : reply->drift) {
    const std::string& name =
        drift.field == nullptr ? drift.message->full_name : drift.field->full_name;
    noted.push_back({drift.kind, std::string(absl::StripPrefix(name, "test.shop.v1.")), drift.text,
                     drift.count});
  }
  return noted;
}

using Kinds = Drift::Kind;

TEST(ReceivedDrift, CountsUnknownMembers) {
  EXPECT_EQ(ReadText("GetMix", R"({"new":{"a":[1,{}]},"small":1,"newer":null})"),
            Normal("Everything", "small: 1"));
  EXPECT_THAT(
      DriftOf("GetMix", R"({"new":1,"nested":{"new":"x","new":[]},"nesteds":[{"new":{}}]})"),
      ElementsAre(Noted{Kinds::kUnknownMember, "Everything", "new", 4}));
  EXPECT_THAT(DriftOf("GetMix", R"({"Small":1,"renamed":"x","big":2})"),
              ElementsAre(Noted{Kinds::kUnknownMember, "Everything", "Small", 1},
                          Noted{Kinds::kUnknownMember, "Everything", "renamed", 1}));
}

TEST(ReceivedDrift, KeepsUnknownEnumTextsAndTheirPlace) {
  constexpr char kBody[] =
      R"({"flavor":"mint","flavors":["lemon","MINT","lemon","MINT"],"flavor_map":{"k":"Lemon"}})";
  EXPECT_EQ(ReadText("GetMix", kBody),
            Normal("Everything",
                   "flavor: FLAVOR_UNSPECIFIED flavors: [FLAVOR_LEMON, FLAVOR_UNSPECIFIED, "
                   "FLAVOR_LEMON, FLAVOR_UNSPECIFIED] flavor_map { key: 'k' value: "
                   "FLAVOR_UNSPECIFIED }"));
  EXPECT_THAT(DriftOf("GetMix", kBody),
              ElementsAre(Noted{Kinds::kUnknownEnumText, "Everything.flavor", "mint", 1},
                          Noted{Kinds::kUnknownEnumText, "Everything.flavors", "MINT", 2},
                          Noted{Kinds::kUnknownEnumText, "Everything.flavor_map", "Lemon", 1}));
  // Neither this enum's value for "not set" nor the proto's value names are texts of the upstream.
  for (const char* text : {"unspecified", "FLAVOR_LEMON", "on_ice", ""}) {
    EXPECT_THAT(DriftOf("GetMix", absl::StrCat(R"({"flavor":")", text, "\"}")),
                ElementsAre(Noted{Kinds::kUnknownEnumText, "Everything.flavor", text, 1}));
  }
  EXPECT_THAT(DriftOf("GetMix", R"({"flavor":"unknown"})"), IsEmpty());
  EXPECT_THAT(ReadText("GetMix", R"({"flavor":1})"), HasSubstr("flavor: expected a string"));
}

TEST(ReceivedDrift, CountsMissingRequiredFields) {
  EXPECT_THAT(DriftOf("GetGlass", R"({"id":"1","name":"n","price":0,"tags":[],"labels":{}})"),
              IsEmpty());
  // Null is documented only for `name`.
  EXPECT_THAT(DriftOf("GetGlass", R"({"id":null,"name":null,"price":1,"tags":null,"labels":{}})"),
              ElementsAre(Noted{Kinds::kMissingRequired, "GlassDto.id", "", 1},
                          Noted{Kinds::kMissingRequired, "GlassDto.tags", "", 1}));
  EXPECT_THAT(DriftOf("GetGlass", R"({"id":"1","name":"n","price":0,"tags":[],"labels":{},
                                      "straws":[{},{"length":1},{}]})"),
              ElementsAre(Noted{Kinds::kMissingRequired, "StrawDto.length", "", 2}));
  // Bounds are checked in requests only.
  EXPECT_EQ(ReadText("GetGlass", R"({"price":-5,"tags":["a","b","c"]})"),
            Normal("GlassDto", "price: -5 tags: ['a', 'b', 'c']"));
}

TEST(ReceivedDrift, IsBounded) {
  std::string body = "{";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&body, "\"new", i, "\":0,");
  body += "\"small\":1}";
  EXPECT_EQ(DriftOf("GetMix", body).size(), DriftList::kMaxPlaces);
  EXPECT_EQ(ReadText("GetMix", body), Normal("Everything", "small: 1"));
}

TEST(ReceivedDrift, CutsTextsBetweenCharacters) {
  std::string name(Drift::kMaxText - 1, 'x');
  const std::string lemon = "\xf0\x9f\x8d\x8b";
  EXPECT_THAT(DriftOf("GetMix", absl::StrCat("{\"", name, lemon, "\":1,\"big\":2}")),
              ElementsAre(Noted{Kinds::kUnknownMember, "Everything", name, 1}));
  EXPECT_THAT(DriftOf("GetMix", absl::StrCat("{\"flavor\":\"", name, lemon, "\"}")),
              ElementsAre(Noted{Kinds::kUnknownEnumText, "Everything.flavor", name, 1}));
}

}  // namespace
}  // namespace gateway::mapping
