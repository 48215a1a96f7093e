#include "upstream/mapping/form.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/upstream/mapping/guests.h"

namespace gateway::mapping {
namespace {

using guests::RouteOf;
using guests::Routes;
using guests::Sent;

v1::KeyStyle Style(v1::Members members, v1::Lists lists) {
  v1::KeyStyle style;
  style.set_members(members);
  style.set_lists(lists);
  return style;
}

// Returns the form with unescaped brackets, or "refused: " and the violations.
std::string Form(const v1::KeyStyle& style, const std::string& json, absl::string_view name = "") {
  Violations violations;
  std::string out;
  AppendForm(style, name, json, {nullptr, "body"}, violations, out);
  std::string problems;
  for (const Violation& violation : violations.Take()) {
    absl::StrAppend(&problems, problems.empty() ? "refused: " : "; ", violation.field, ": ",
                    violation.description);
  }
  if (!problems.empty()) return problems;
  return absl::StrReplaceAll(out, {{"%5B", "["}, {"%5D", "]"}});
}

const v1::KeyStyle kBrackets = Style(v1::MEMBERS_IN_BRACKETS, v1::LISTS_WITH_INDEX);

TEST(Form, HasOnePairForEachValue) {
  EXPECT_EQ(Form(kBrackets, R"({"a": 1, "b": "two", "c": true, "d": -0.5, "e": ""})"),
            "a=1&b=two&c=true&d=-0.5&e=");
  EXPECT_EQ(Form(kBrackets, "{}"), "");
}

TEST(Form, KeepsNumbersAsTheyAre) {
  EXPECT_EQ(Form(kBrackets, R"({"a": 9223372036854775807, "b": -9223372036854775808, "c": 0.1})"),
            "a=9223372036854775807&b=-9223372036854775808&c=0.1");
}

TEST(Form, EscapesKeysAndValues) {
  EXPECT_EQ(Form(kBrackets, R"({"a&b": "c=d e+f", "é": "ü/?#"})"),
            "a%26b=c%3Dd%20e%2Bf&%C3%A9=%C3%BC%2F%3F%23");
  std::string out;
  Violations violations;
  AppendForm(kBrackets, "", R"({"m": {"k": "v"}})", {}, violations, out);
  EXPECT_EQ(out, "m%5Bk%5D=v");
}

TEST(Form, NamesMembersByStyle) {
  const std::string json = R"({"a": {"b": {"c": 1}, "d": 2}})";
  EXPECT_EQ(Form(kBrackets, json), "a[b][c]=1&a[d]=2");
  EXPECT_EQ(Form(Style(v1::MEMBERS_AFTER_DOTS, v1::LISTS_REPEAT_KEY), json), "a.b.c=1&a.d=2");
  EXPECT_EQ(Form(v1::KeyStyle(), json), "refused: body.a: cannot be an object here");
}

TEST(Form, NamesElementsByStyle) {
  const std::string json = R"({"a": ["x", "y"], "b": []})";
  EXPECT_EQ(Form(Style({}, v1::LISTS_UNSPECIFIED), json), "a=x&a=y");
  EXPECT_EQ(Form(Style({}, v1::LISTS_REPEAT_KEY), json), "a=x&a=y");
  EXPECT_EQ(Form(Style({}, v1::LISTS_IN_BRACKETS), json), "a[]=x&a[]=y");
  EXPECT_EQ(Form(Style({}, v1::LISTS_WITH_INDEX), json), "a[0]=x&a[1]=y");
  EXPECT_EQ(Form(Style({}, v1::LISTS_WITH_COMMAS), json), "a=x%2Cy");
}

TEST(Form, RefusesWhatTheStyleCannotTellApart) {
  EXPECT_EQ(Form(Style({}, v1::LISTS_WITH_COMMAS), R"({"a": ["x,y"]})"),
            "refused: body.a[0]: cannot stand in a list that is written with commas");
  EXPECT_EQ(Form(Style({}, v1::LISTS_REPEAT_KEY), R"({"a": [[1]]})"),
            "refused: body.a[0]: cannot be an object or a list here");
  EXPECT_EQ(Form(kBrackets, R"({"a": {"b": null}})"),
            "refused: body.a.b: cannot be null: a form has no null");
}

TEST(Form, RefusesNamesThatLookLikeOthers) {
  const std::string problem = "cannot be told apart from other names in a form";
  EXPECT_EQ(Form(kBrackets, R"({"m": {"": 1}})"), "refused: body.m: " + problem);
  EXPECT_EQ(Form(kBrackets, R"({"m": {"a]": 1}})"), "refused: body.m.a]: " + problem);
  EXPECT_EQ(Form(kBrackets, R"({"m": {"a.b": 1}})"), "m[a.b]=1");
  const v1::KeyStyle dots = Style(v1::MEMBERS_AFTER_DOTS, v1::LISTS_REPEAT_KEY);
  EXPECT_EQ(Form(dots, R"({"m": {"a.b": 1}})"), "refused: body.m.a.b: " + problem);
  EXPECT_EQ(Form(dots, R"({"m": {"a[b": 1}})"), "m.a[b=1");
}

TEST(Form, OfAValueWithAName) {
  EXPECT_EQ(Form(kBrackets, R"({"gte": 1})", "created"), "created[gte]=1");
  EXPECT_EQ(Form(kBrackets, R"(["a"])", "expand"), "expand[0]=a");
}

TEST(FormBody, IsWrittenOutOfTheMessage) {
  EXPECT_EQ(
      absl::StrReplaceAll(
          Sent(RouteOf(Routes(), "Sell"),
               "body { what: 'tea' price: 5 weight: 0.25 wrapped: false at { seconds: 7 } "
               "tags: 'a' tags: 'b' labels { key: 'k' value: 'v' } with { what: 'milk' } "
               "and { what: 'sugar' tags: 'c' } and { what: 'lemon' } "
               "free { fields { key: 'x' value { list_value { values { number_value: 1 } } } } } "
               "any { string_value: 's' } } shelf: '3'"),
          {{"%5B", "["}, {"%5D", "]"}}),
      "POST https://guest.test/v1/sales?shelf=3 "
      "what=tea&price=5&weight=0.25&wrapped=false&at=7&tags[0]=a&tags[1]=b&labels[k]=v&"
      "with[what]=milk&and[0][what]=sugar&and[0][tags][0]=c&and[1][what]=lemon&free[x][0]=1&any=s");
}

TEST(FormBody, IsHeldToTheSameRulesAsJson) {
  EXPECT_EQ(Sent(RouteOf(Routes(), "Sell"), "body { price: 0 with { } }"),
            "refused: body.what: is required; body.price: is below the minimum of 1; "
            "body.with.what: is required");
  EXPECT_EQ(Sent(RouteOf(Routes(), "Sell"), "body { what: 'a' any { null_value: NULL_VALUE } }"),
            "refused: body.any: cannot be null: a form has no null");
  // A violation specific to forms is reported together with the others.
  EXPECT_EQ(Sent(RouteOf(Routes(), "Sell"), "body { price: 0 any { null_value: NULL_VALUE } }"),
            "refused: body.what: is required; body.price: is below the minimum of 1; "
            "body.any: cannot be null: a form has no null");
}

TEST(FormBody, OfAGetStandsInTheQuery) {
  EXPECT_EQ(Sent(RouteOf(Routes(), "Look"), "body { what: 'a b' price: 2 }"),
            "GET https://guest.test/v1/sales?what=a%20b&price=2");
  EXPECT_EQ(Sent(RouteOf(Routes(), "Look"), "body { what: 'a' } shelf: '3'"),
            "GET https://guest.test/v1/sales?shelf=3&what=a");
}

TEST(FormBody, SaysWhatItIs) {
  const shop::Written written = guests::Write(RouteOf(Routes(), "Sell"), "body { what: 'a' }");
  const auto& headers = std::get<RestRequest>(written).http.headers;
  EXPECT_EQ(
      std::count(headers.begin(), headers.end(), "Content-Type: application/x-www-form-urlencoded"),
      1);
}

TEST(FormBody, OfAnotherStyleMayNotFit) {
  Overrides overrides;
  overrides["kiosk"].lists = v1::LISTS_REPEAT_KEY;
  const auto table = RouteTable::Compile(guests::Files(), overrides);
  EXPECT_EQ(table.status().message(),
            "test.kiosk.v1.KioskService.Sell: in a form, test.kiosk.v1.Sale.and needs keys.lists "
            "to be LISTS_WITH_INDEX");
}

}  // namespace
}  // namespace gateway::mapping
