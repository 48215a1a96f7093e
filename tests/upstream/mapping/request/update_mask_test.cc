#include "upstream/mapping/request/update_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/guests.h"
#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using shop::BytesField;
using shop::Violated;
using shop::WriteText;
using testing::HasSubstr;

std::string Patched(absl::string_view fields) {
  const auto written =
      WriteText("UpdateGlass", absl::StrCat("stand_id: '1' glass_id: 'g' ", fields));
  if (const auto* sent = std::get_if<RestRequest>(&written)) return sent->http.body;
  return absl::StrCat("refused: ", Violated(written));
}

TEST(Patch, WithoutMaskSendsWhatIsSet) {
  EXPECT_EQ(Patched("body { name: '' price: 0 }"), R"({"name":"","price":0})");
  EXPECT_EQ(Patched("body { name: 'n' } update_mask {}"), R"({"name":"n"})");
  EXPECT_EQ(Patched("body {}"), "{}");
  EXPECT_EQ(Patched(""), "refused: body: is required");
  EXPECT_EQ(Patched("update_mask {}"), "refused: body: is required");
}

struct Case {
  const char* fields;
  const char* json;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.fields; }

class Masked : public testing::TestWithParam<Case> {};

TEST_P(Masked, Sends) { EXPECT_EQ(Patched(GetParam().fields), GetParam().json); }

INSTANTIATE_TEST_SUITE_P(
    States, Masked,
    testing::Values(
        // Named and set: the value. Named but not set: null, or an empty list or map. Not named:
        // not sent.
        Case{"body { name: 'n' price: 5 } update_mask { paths: 'name' }", R"({"name":"n"})"},
        Case{"body { price: 5 } update_mask { paths: 'name' }", R"({"name":null})"},
        Case{"body {} update_mask { paths: 'name' paths: 'expires_at' }",
             R"({"name":null,"expires_at":null})"},
        Case{"update_mask { paths: 'price' }", R"({"price":null})"},
        Case{"body { name: '' } update_mask { paths: 'name' }", R"({"name":""})"},
        Case{"body {} update_mask { paths: 'toppings' }", R"({"toppings":[]})"},
        Case{"body {} update_mask { paths: 'labels' }", R"({"labels":{}})"},
        Case{"body {} update_mask { paths: 'extras' }", R"({"extras":null})"},
        Case{"body { extras {} } update_mask { paths: 'extras' }", R"({"extras":{}})"},
        Case{"body { reason: 'r' } update_mask { paths: 'reason' }", R"({"changeReason":"r"})"},
        Case{"body {} update_mask { paths: 'reason' }", R"({"changeReason":null})"},
        // Members are sent in the order of the fields, not of the mask.
        Case{"body { price: 1 name: 'n' } update_mask { paths: 'price' paths: 'name' }",
             R"({"name":"n","price":1})"}));

INSTANTIATE_TEST_SUITE_P(
    Nested, Masked,
    testing::Values(
        Case{"body { refill { name: 'n' price: 5 } } update_mask { paths: 'refill.name' }",
             R"({"refill":{"name":"n"}})"},
        Case{"body { refill { price: 5 } } update_mask { paths: 'refill.name' }",
             R"({"refill":{"name":null}})"},
        Case{"body {} update_mask { paths: 'refill.refill.name' }",
             R"({"refill":{"refill":{"name":null}}})"},
        Case{"body {} update_mask { paths: 'refill' }", R"({"refill":null})"},
        Case{"body { refill { price: 5 } } update_mask { paths: 'refill' }",
             R"({"refill":{"price":5}})"},
        // If paths overlap, the outer one counts, in either order.
        Case{"body { refill { price: 5 } } update_mask { paths: 'refill' paths: 'refill.name' }",
             R"({"refill":{"price":5}})"},
        Case{"body { refill { price: 5 } } update_mask { paths: 'refill.name' paths: 'refill' }",
             R"({"refill":{"price":5}})"},
        Case{"body {} update_mask { paths: 'refill.name' paths: 'refill.price' paths: "
             "'refill.name' }",
             R"({"refill":{"name":null,"price":null}})"}));

INSTANTIATE_TEST_SUITE_P(
    Required, Masked,
    testing::Values(
        // Members that the upstream requires are sent even if the mask does not name them.
        Case{"body { trial { enabled: false days: 3 notes: 'n' } } update_mask { paths: "
             "'trial.days' }",
             R"({"trial":{"enabled":false,"days":3,"notes":["n"]}})"},
        Case{"body { trial { notes: 'n' } } update_mask { paths: 'trial.days' }",
             "refused: body.trial.enabled: is required"},
        Case{"body { trial { notes: 'n' } } update_mask { paths: 'trial.enabled' }",
             "refused: body.trial.enabled: is required"},
        Case{"body {} update_mask { paths: 'trial' }", R"({"trial":null})"},
        Case{"body { trial { enabled: true } } update_mask { paths: 'trial.notes' }",
             R"({"trial":{"enabled":true,"notes":[]}})"},
        // An empty list would clear a member that the mask does not name.
        Case{"body { trial { enabled: true } } update_mask { paths: 'trial.days' }",
             "refused: body.trial.notes: is required; to send it empty, name it in the mask"}));

INSTANTIATE_TEST_SUITE_P(
    Rules, Masked,
    testing::Values(
        // Only what is sent is checked.
        Case{"body { price: -1 name: 'n' } update_mask { paths: 'name' }", R"({"name":"n"})"},
        Case{"body { price: -1 } update_mask { paths: 'price' }",
             "refused: body.price: is below the minimum of 0"},
        Case{"body { name: 'n' } update_mask { paths: 'name' }", R"({"name":"n"})"},
        Case{"body {} update_mask { paths: 'tags' }",
             "refused: body.tags: needs at least 1 element(s)"}));

// A PATCH changes the members that it names, whatever a complete body would require.
std::string Amended(absl::string_view fields) {
  constexpr absl::string_view kBefore = "PATCH https://guest.test/v1/b/orders ";
  const std::string sent = guests::Sent(guests::RouteOf(guests::Routes(), "CafeService.AmendOrder"),
                                        absl::StrCat("branch: 'b' ", fields));
  return absl::StartsWith(sent, kBefore) ? sent.substr(kBefore.size()) : sent;
}

TEST(PartialUpdate, NeedsNoMemberOfTheBody) {
  EXPECT_EQ(Amended("body { note: 'n' }"), R"({"note":"n"})");
  EXPECT_EQ(Amended("body { name: 'n' }"), R"({"name":"n"})");
  EXPECT_EQ(Amended("body {}"), "{}");
  EXPECT_EQ(Amended("body { note: 'n' } update_mask { paths: 'note' }"), R"({"note":"n"})");
}

// Otherwise an unset required list would be sent empty, and would clear the existing list.
TEST(PartialUpdate, DoesNotSendAListThatIsNotSet) {
  EXPECT_EQ(Amended("body { cups: 'c' }"), R"({"cups":["c"]})");
  EXPECT_EQ(Amended("body {} update_mask { paths: 'cups' }"), R"({"cups":[]})");
}

TEST(PartialUpdate, DoesNotSendWhatTheMaskDoesNotName) {
  EXPECT_EQ(Amended("body { name: 'n' cups: 'c' note: 'x' } update_mask { paths: 'note' }"),
            R"({"note":"x"})");
}

TEST(PartialUpdate, NullsNoMemberThatMustHaveAValue) {
  EXPECT_EQ(Amended("body {} update_mask { paths: 'name' }"), "refused: body.name: is required");
}

TEST(PartialUpdate, EnforcesWhatTheMembersRequire) {
  EXPECT_EQ(Amended("body { tip {} }"), "refused: body.tip.who: is required");
  EXPECT_EQ(Amended("body { tip { who: 'w' } }"), R"({"tip":{"who":"w","percentage":null}})");
}

TEST(PartialUpdate, IsNoOtherVerb) {
  EXPECT_EQ(Amended(""), "refused: body: is required");
  EXPECT_EQ(Violated(WriteText("CreateGlass", "stand_id: '1' body { id: '1' }")),
            "body.name: is required; body.price: is required");
}

constexpr char kUnknown[] = "names a field that does not exist";

INSTANTIATE_TEST_SUITE_P(
    BadPaths, Masked,
    testing::Values(
        Case{"body {} update_mask { paths: '*' }",
             "refused: update_mask.paths[0]: `*` is not supported: name the fields"},
        Case{"body {} update_mask { paths: 'nmae' }",
             "refused: update_mask.paths[0]: `nmae` names a field that does not exist"},
        Case{"body {} update_mask { paths: 'body.name' }",
             "refused: update_mask.paths[0]: `body.name` names a field that does not exist"},
        Case{"body {} update_mask { paths: 'changeReason' }",
             "refused: update_mask.paths[0]: `changeReason` names a field that does not exist"},
        Case{"body {} update_mask { paths: '' }",
             "refused: update_mask.paths[0]: `` names a field that does not exist"},
        Case{"body {} update_mask { paths: 'refill.' }",
             "refused: update_mask.paths[0]: `refill.` names a field that does not exist"},
        Case{"body {} update_mask { paths: 'name' paths: 'Name' paths: 'price' paths: ' price' }",
             "refused: update_mask.paths[1]: `Name` names a field that does not exist; "
             "update_mask.paths[3]: ` price` names a field that does not exist"},
        Case{"body {} update_mask { paths: 'name.first' }",
             "refused: update_mask.paths[0]: `name.first` enters something that is not a single "
             "message"},
        Case{"body {} update_mask { paths: 'toppings.x' }",
             "refused: update_mask.paths[0]: `toppings.x` enters something that is not a single "
             "message"},
        Case{"body {} update_mask { paths: 'labels.x' }",
             "refused: update_mask.paths[0]: `labels.x` enters something that is not a single "
             "message"},
        Case{"body {} update_mask { paths: 'expires_at.seconds' }",
             "refused: update_mask.paths[0]: `expires_at.seconds` enters something that is not a "
             "single message"},
        Case{"body {} update_mask { paths: 'extras.x' }",
             "refused: update_mask.paths[0]: `extras.x` enters something that is not a single "
             "message"}));

// A path comes from the caller and is quoted in the answer, which must stay UTF-8 and readable.
TEST(MaskPath, IsShownShortAndPrintable) {
  std::string path(99, 'x');
  path += "\xf0\x9f\x8d\x8b";  // byte 100 is inside this character
  const std::string answer =
      Patched(absl::StrCat("body {} update_mask { paths: '", path, "\\n' }"));
  EXPECT_THAT(answer, HasSubstr(kUnknown));
  EXPECT_LT(answer.size(), 200u);
  EXPECT_NO_THROW(nlohmann::json(answer).dump()) << "not UTF-8";
  EXPECT_THAT(Patched("body {} update_mask { paths: 'a\\nb' }"), HasSubstr(R"(`a\nb`)"));
}

std::string PathOfDepth(int depth) {
  std::string path;
  for (int i = 0; i < depth; ++i) path += "refill.";
  return path + "name";
}

TEST(MaskPath, IsNotDeeperThanAMessageCanBe) {
  EXPECT_EQ(Patched(absl::StrCat("update_mask { paths: '", PathOfDepth(98), "' }")).substr(0, 20),
            R"({"refill":{"refill":)");
  for (const int depth : {100, 1000, 1000000}) {
    EXPECT_THAT(Patched(absl::StrCat("update_mask { paths: '", PathOfDepth(depth), "' }")),
                HasSubstr("is nested too deeply"))
        << depth;
  }
}

TEST(MaskBytes, MustBeAFieldMask) {
  const std::string head = shop::Wire("UpdateGlassRequest", "stand_id: '1' glass_id: 'g' body {}");
  for (const std::string& mask :
       {BytesField(2, "name"), shop::VarintField(1, 1), BytesField(1, "\xff"), std::string("\x0a"),
        BytesField(1, "name").substr(0, 3)}) {
    EXPECT_EQ(Violated(shop::Write("UpdateGlass", head + BytesField(4, mask))),
              "the request is not a valid test.shop.v1.UpdateGlassRequest")
        << testing::PrintToString(mask);
  }
}

TEST(MaskBytes, InPiecesAreOneMask) {
  const std::string head = shop::Wire("UpdateGlassRequest", "stand_id: '1' glass_id: 'g' body {}");
  const auto written = shop::Write("UpdateGlass", head + BytesField(4, BytesField(1, "name")) +
                                                      BytesField(4, BytesField(1, "price")));
  EXPECT_EQ(std::get<RestRequest>(written).http.body, R"({"name":null,"price":null})");
}

}  // namespace
}  // namespace gateway::mapping
