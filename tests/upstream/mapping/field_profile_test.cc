// Field options that only some upstreams need, in both directions: other spellings, times in
// seconds, texts of bounded length, null as a value, members that no field takes.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/guests.h"

namespace gateway::mapping {
namespace {

using guests::kNow;
using guests::RouteOf;
using guests::Routes;

// Returns the JSON body for an order in text format, or its violations.
std::string Body(absl::string_view order) {
  const std::string sent = guests::Sent(RouteOf(Routes(), "CafeService.PlaceOrder"),
                                        absl::StrCat("branch: 'b' body { ", order, " }"));
  constexpr absl::string_view kBefore = "POST https://guest.test/v1/b/orders ";
  return sent.compare(0, kBefore.size(), kBefore.data()) == 0 ? sent.substr(kBefore.size()) : sent;
}

std::string Reply(absl::string_view json) {
  return guests::Read(RouteOf(Routes(), "CafeService.PlaceOrder"), json);
}

TEST(Alias, IsReadAsTheField) {
  EXPECT_EQ(Reply(R"({"total": 1})"), "total: 1");
  EXPECT_EQ(Reply(R"({"sum": 2})"), "total: 2");
  EXPECT_EQ(Reply(R"({"amount": 3})"), "total: 3");
  EXPECT_EQ(Reply(R"({"glasses": ["a", "b"]})"), R"(cups: "a" cups: "b")");
}

TEST(Alias, DoesNotAddToWhatIsThere) {
  EXPECT_EQ(Reply(R"({"total": 1, "sum": 2})"), "total: 1");
  EXPECT_EQ(Reply(R"({"sum": null, "total": 1, "amount": 2})"), "total: 1");
  EXPECT_EQ(Reply(R"({"cups": ["a"], "glasses": ["b"]})"), R"(cups: "a")");
  EXPECT_EQ(Reply(R"({"cups": null, "glasses": ["b"]})"), R"(cups: "b")");
}

TEST(Alias, IsNeverSent) { EXPECT_EQ(Body("total: 1"), R"({"total":1})"); }

TEST(EmptyText, ReadsAsUnsetWhereTheFieldSaysSo) {
  EXPECT_EQ(Reply(R"({"note": ""})"), "");
  EXPECT_EQ(Reply(R"({"note": "x"})"), R"(note: "x")");
  EXPECT_EQ(Reply(R"({"id": ""})"), R"(id: "")");
  EXPECT_EQ(Body("note: ''"), R"({"note":""})");
}

TEST(EpochSeconds, AreAnIntegerBothWays) {
  EXPECT_EQ(Body("made { seconds: 1700000000 }"), R"({"made":1700000000})");
  EXPECT_EQ(Body("made { seconds: -1 }"), R"({"made":-1})");
  EXPECT_EQ(Reply(R"({"made": 1700000000})"), "made { seconds: 1700000000 }");
  EXPECT_EQ(Reply(R"({"made": "1700000000"})"), "made { seconds: 1700000000 }");
  EXPECT_EQ(Reply(R"({"made": 0})"), "made { }");
  EXPECT_EQ(Reply(R"({"made": null})"), "");
}

TEST(EpochSeconds, AreHeldToTheRangeOfTimestamps) {
  EXPECT_EQ(Body("made { seconds: 1 nanos: 1 }"), "refused: body.made: must be whole seconds");
  EXPECT_EQ(Reply(R"({"made": 253402300800})"),
            "failed: the upstream's reply cannot be read: made: is out of range");
  EXPECT_EQ(Reply(R"({"made": "2023-11-14T22:13:20Z"})"), "made { seconds: 1700000000 }");
  EXPECT_EQ(Reply(R"({"made": "253402300800"})"),
            "failed: the upstream's reply cannot be read: made: is out of range");
  EXPECT_EQ(Reply(R"({"made": "soon"})"),
            "failed: the upstream's reply cannot be read: made: expected an integer");
}

// Times at the bounds are accepted, and times up to a minute beyond them, because clocks differ.
TEST(SecondsAhead, AreTakenAgainstThePresent) {
  const auto ready = [](int64_t ahead) {
    return Body(absl::StrCat("ready { seconds: ", kNow + ahead, " }"));
  };
  for (const int64_t ahead : {1740, 1800, 3600, 86400, 86460}) {
    EXPECT_EQ(ready(ahead), absl::StrCat(R"({"ready":)", kNow + ahead, "}"));
  }
  for (const int64_t ahead : {int64_t{1739}, int64_t{0}, int64_t{-5}, -kNow}) {
    EXPECT_EQ(ready(ahead),
              "refused: body.ready: is too soon, or past: at least 1800 seconds ahead");
  }
  EXPECT_EQ(ready(86461),
            "refused: body.ready: is too far in the future: at most 86400 seconds ahead");
  EXPECT_EQ(Body("closes { seconds: 1800000000 }"),
            "refused: body.closes: is too far in the future: at most 60 seconds ahead");
  EXPECT_EQ(Body("closes { seconds: 1 }"), R"({"closes":"1970-01-01T00:00:01Z"})");
  EXPECT_EQ(Reply(R"({"ready": 1})"), "ready { seconds: 1 }");  // only requests are checked
}

TEST(Digits, KeepTheirZerosAndTheirNumber) {
  EXPECT_EQ(Body("code: '000123'"), R"({"code":"000123"})");
  EXPECT_EQ(Body("code: '1234567'"), "refused: body.code: is too long: at most 6 characters");
  EXPECT_EQ(Body("code: '12345'"), "refused: body.code: is too short: at least 6 characters");
  EXPECT_EQ(Body("code: '12 456'"), "refused: body.code: must be decimal digits");
  EXPECT_EQ(Body("code: '１２３４５６'"), "refused: body.code: must be decimal digits");
  EXPECT_EQ(Body("code: ''"), "refused: body.code: is too short: at least 6 characters");
}

TEST(Length, CountsCharacters) {
  EXPECT_EQ(Body("name: 'éüöä'"), R"({"name":"éüöä"})");
  EXPECT_EQ(Body("name: 'éüöäß'"), "refused: body.name: is too long: at most 4 characters");
  EXPECT_EQ(Body("name: 'é'"), "refused: body.name: is too short: at least 2 characters");
  EXPECT_EQ(Reply(R"({"name": "a long name"})"), R"(name: "a long name")");
}

TEST(StringOrNull, TellsNullFromNothing) {
  EXPECT_EQ(Body(""), "{}");
  EXPECT_EQ(Body("table { null_value: NULL_VALUE }"), R"({"table":null})");
  EXPECT_EQ(Body("table { string_value: 't1' }"), R"({"table":"t1"})");
  EXPECT_EQ(Reply("{}"), "");
  EXPECT_EQ(Reply(R"({"table": null})"), "table { null_value: NULL_VALUE }");
}

TEST(StringOrNull, IsNothingElse) {
  const std::string refused = "refused: body.table: must be a string or null";
  EXPECT_EQ(Body("table { number_value: 1 }"), refused);
  EXPECT_EQ(Body("table { bool_value: true }"), refused);
  EXPECT_EQ(Body("table { struct_value { } }"), refused);
  EXPECT_EQ(Body("table { list_value { } }"), refused);
  EXPECT_EQ(Body("table { string_value: 'long' }"),
            "refused: body.table: is too long: at most 3 characters");
  EXPECT_EQ(Body("table { }"), "refused: body.table: has no value: use null_value for null");
}

TEST(Scalar, IsOfAnyScalarType) {
  const auto extra = [](absl::string_view value) {
    return Body(absl::StrCat("extras { key: 'k' value { ", value, " } }"));
  };
  EXPECT_EQ(extra("string_value: 'abc'"), R"({"extras":{"k":"abc"}})");
  EXPECT_EQ(extra("number_value: 1.5"), R"({"extras":{"k":1.5}})");
  EXPECT_EQ(extra("bool_value: false"), R"({"extras":{"k":false}})");
  const std::string refused =
      "refused: body.extras[\"k\"]: must be a string, a number or a boolean";
  EXPECT_EQ(extra("null_value: NULL_VALUE"), refused);
  EXPECT_EQ(extra("struct_value { }"), refused);
  EXPECT_EQ(extra("string_value: 'abcd'"),
            "refused: body.extras[\"k\"]: is too long: at most 3 characters");
}

TEST(KeyLength, IsBounded) {
  EXPECT_EQ(Body("extras { key: 'kk' value { number_value: 1 } }"), R"({"extras":{"kk":1}})");
  EXPECT_EQ(Body("extras { key: 'kkk' value { number_value: 1 } }"),
            "refused: body.extras: has a key of more than 2 characters");
}

TEST(Rest, IsWrittenBesideTheFields) {
  EXPECT_EQ(Body("id: '1' more { fields { key: 'x' value { number_value: 1 } } }"),
            R"({"id":"1","x":1})");
  EXPECT_EQ(Body("more { fields { key: 'x' value { struct_value { } } } "
                 "fields { key: 'y' value { null_value: NULL_VALUE } } }"),
            R"({"x":{},"y":null})");
  EXPECT_EQ(Body("more { }"), "{}");
}

TEST(Rest, DoesNotStandInForAField) {
  EXPECT_EQ(Body("more { fields { key: 'id' value { number_value: 1 } } }"),
            "refused: body.more[\"id\"]: has a field of its own");
  EXPECT_EQ(Body("more { fields { key: 'sum' value { number_value: 1 } } }"),
            "refused: body.more[\"sum\"]: has a field of its own");
  EXPECT_EQ(Body("more { fields { key: 'x' value { } } }"),
            "refused: body.more[\"x\"]: has no value: use null_value for null");
}

TEST(Rest, TakesTheMembersThatNoFieldTakes) {
  EXPECT_EQ(Reply(R"({"new": {"a": [1, null]}, "id": "1"})"),
            "id: \"1\" more { fields { key: \"new\" value { struct_value { fields { key: \"a\" "
            "value { list_value { values { number_value: 1 } values { null_value: NULL_VALUE } } } "
            "} } } } }");
  EXPECT_EQ(Reply(R"({"id": "1"})"), "id: \"1\"");
  // A member with the rest field's own name is stored like any other member.
  EXPECT_EQ(Reply(R"({"id": "1", "more": true})"),
            "id: \"1\" more { fields { key: \"more\" value { bool_value: true } } }");
}

TEST(Rest, TakesSeveralMembersFromBetweenTheFields) {
  const Route& route = RouteOf(Routes(), "CafeService.PlaceOrder");
  const auto read =
      ReadReply(route, shop::ResponseOf(200, R"({"a": 1, "id": "1", "b": "two", "total": 3})"));
  ASSERT_TRUE(std::holds_alternative<mapping::Reply>(read));
  EXPECT_TRUE(std::get<mapping::Reply>(read).drift.empty());
  const std::string text = Reply(R"({"a": 1, "id": "1", "b": "two", "total": 3})");
  EXPECT_NE(text.find("key: \"a\" value { number_value: 1 }"), std::string::npos) << text;
  EXPECT_NE(text.find("key: \"b\" value { string_value: \"two\" }"), std::string::npos) << text;
  EXPECT_NE(text.find("total: 3"), std::string::npos) << text;
}

TEST(NullWhenUnset, IsWrittenWhereTheFieldIsNotSet) {
  EXPECT_EQ(Body("shares { who: 'a' percentage: 6000 } shares { who: 'b' }"),
            R"({"shares":[{"who":"a","percentage":6000},{"who":"b","percentage":null}]})");
  EXPECT_EQ(Body("shares { who: 'a' percentage: 0 }"),
            R"({"shares":[{"who":"a","percentage":0}]})");
  EXPECT_EQ(Body(""), "{}");
}

// Protobuf allows fields in any order.
TEST(NullWhenUnset, DoesNotDependOnTheOrderOfTheBytes) {
  EXPECT_EQ(Body("shares { percentage: 5 who: 'a' }"),
            R"({"shares":[{"who":"a","percentage":5}]})");
}

TEST(NullWhenUnset, LeavesItToTheMaskWhereThereIsOne) {
  const Route& amend = RouteOf(Routes(), "CafeService.AmendOrder");
  EXPECT_EQ(guests::Sent(amend,
                         "branch: 'b' body { tip { who: 'a' } } "
                         "update_mask { paths: 'tip.who' }"),
            R"(PATCH https://guest.test/v1/b/orders {"tip":{"who":"a"}})");
  EXPECT_EQ(guests::Sent(amend,
                         "branch: 'b' body { tip { who: 'a' } } "
                         "update_mask { paths: 'tip' }"),
            R"(PATCH https://guest.test/v1/b/orders {"tip":{"who":"a","percentage":null}})");
}

TEST(Loose, ReadsEveryScalarAsText) {
  EXPECT_EQ(Reply(R"({"memo": "x"})"), R"(memo: "x")");
  EXPECT_EQ(Reply(R"({"memo": 5})"), R"(memo: "5")");
  EXPECT_EQ(Reply(R"({"memo": 1.50 })"), R"(memo: "1.50")");
  EXPECT_EQ(Reply(R"({"memo": false, "id": "1"})"), R"(id: "1" memo: "false")");
  EXPECT_EQ(Reply(R"({"memo": "caf\u00e9 \" \\"})"), R"(memo: "caf\303\251 \" \\")");
  EXPECT_EQ(Reply(R"({"memo": null})"), "");
}

TEST(Loose, ReadsOneValueAsAListOfOne) {
  EXPECT_EQ(Reply(R"({"methods": "blik"})"), R"(methods: "blik")");
  EXPECT_EQ(Reply(R"({"methods": ["blik", 5, null, true]})"),
            R"(methods: "blik" methods: "5" methods: "true")");
  EXPECT_EQ(Reply(R"({"methods": []})"), "");
}

TEST(Loose, ReadsAnyValueOfAMapAsText) {
  EXPECT_EQ(Reply(R"({"notes": {"a": "x", "b": 5, "c": null, "d": {"e": [1, "f"]}, "g": [ ]}})"),
            R"(notes { key: "a" value: "x" } notes { key: "b" value: "5" } )"
            R"(notes { key: "d" value: "{\"e\": [1, \"f\"]}" } notes { key: "g" value: "[ ]" })");
  EXPECT_EQ(Reply(R"({"notes": [], "id": "1"})"), R"(id: "1")");
}

// The reply of a successful creation is accepted, whatever its metadata looks like.
TEST(Loose, LeavesOutWhatDoesNotFitAndTells) {
  const Route& route = RouteOf(Routes(), "CafeService.PlaceOrder");
  for (const char* const member :
       {R"("memo": {"a": 1})", R"("memo": ["x"])", R"("methods": [{"a": 1}])",
        R"("methods": {"a": 1})", R"("methods": [["x"]])", R"("notes": ["x"])", R"("notes": "x")",
        R"("notes": 7)", R"("notes": {"a": "1", "a": "2"})"}) {
    const auto read =
        ReadReply(route, shop::ResponseOf(200, absl::StrCat("{", member, R"(, "id": "1"})")));
    ASSERT_TRUE(std::holds_alternative<mapping::Reply>(read)) << member;
    const auto& drift = std::get<mapping::Reply>(read).drift;
    ASSERT_EQ(drift.size(), 1u) << member;
    EXPECT_EQ(drift[0].kind, Drift::Kind::kUnfitting) << member;
    EXPECT_EQ(Reply(absl::StrCat("{", member, R"(, "total": 2, "id": "1"})"))
                  .substr(0, std::string("id: \"1\" total: 2").size()),
              "id: \"1\" total: 2")
        << member;
  }
}

TEST(Loose, StillWantsJson) {
  for (const char* const reply :
       {R"({"memo": nope})", R"({"methods": ["x)", R"({"notes": {"a": 1)"}) {
    EXPECT_EQ(Reply(reply).substr(0, 6), "failed") << reply;
  }
}

// Unknown members must not make a reply fail.
TEST(Rest, FailsNoReply) {
  const std::string kept = "id: \"1\" more { fields { key: \"";
  EXPECT_EQ(Reply(R"({"id": "1", "x": 1, "x": 2})"), kept + "x\" value { number_value: 1 } } }");
  EXPECT_EQ(Reply(R"({"id": "1", "x": 1e400})"),
            kept + "x\" value { string_value: \"1e400\" } } }");
  EXPECT_EQ(Reply(R"({"id": "1", "x": "\ud83d"})"),
            kept + R"(x" value { string_value: "\357\277\275" } } })");
  EXPECT_EQ(Reply(R"({"id": "1", "\ud83d": 1})"),
            kept + R"(\357\277\275" value { number_value: 1 } } })");
  for (const int depth : {30, 31, 32, 33, 34, 35, 100, 5000}) {
    std::string deep;
    for (int i = 0; i < depth; ++i) deep += R"({"a":)";
    deep += "1" + std::string(depth, '}');
    EXPECT_EQ(Reply(absl::StrCat(R"({"id": "1", "x": )", deep, "}")).find(kept), 0u) << depth;
  }
}

TEST(Rest, TellsWhatItChanged) {
  const Route& route = RouteOf(Routes(), "CafeService.PlaceOrder");
  for (const char* const body :
       {R"({"id":"1","x":1,"x":2})", R"({"id":"1","x":1e400})", R"({"id":"1","x":"\ud83d"})"}) {
    const auto read = ReadReply(route, shop::ResponseOf(200, body));
    ASSERT_TRUE(std::holds_alternative<mapping::Reply>(read)) << body;
    const auto& drift = std::get<mapping::Reply>(read).drift;
    ASSERT_EQ(drift.size(), 1u) << body;
    EXPECT_EQ(drift[0].kind, Drift::Kind::kAlteredValue) << body;
    EXPECT_EQ(drift[0].message->full_name, "test.cafe.v1.Order") << body;
  }
}

// The café's IDs have no format; they are recognized as IDs by their name.
TEST(Ids, MayBeNumbersWhereverTheyAre) {
  EXPECT_EQ(Reply(R"({"id": 17})"), "id: \"17\"");
  EXPECT_EQ(Reply(R"({"id": "1", "note": 17})"),
            "failed: the upstream's reply cannot be read: note: expected a string");
}

}  // namespace
}  // namespace gateway::mapping
