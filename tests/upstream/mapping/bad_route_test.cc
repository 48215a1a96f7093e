// Annotations that do not fit: the start fails, and says where and why.
#include <gmock/gmock.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/upstream/mapping/shop.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {
namespace {

using testing::HasSubstr;

constexpr char kHead[] = R"(
  syntax = "proto3";
  package bad.v1;
  import "gateway/v1/annotations.proto";
  import "google/api/annotations.proto";
  import "google/protobuf/empty.proto";
  import "google/protobuf/field_mask.proto";
  import "google/protobuf/struct.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/duration.proto";
  import "google/protobuf/wrappers.proto";
)";
constexpr char kProvider[] =
    R"(option (gateway.v1.provider) = {name: "bad" tenant_field: "tenant"};)";

// Returns the error of RouteTable::Compile for a file with this text, or "ok".
std::string Compiled(absl::string_view text) {
  shop::Routes();  // google/protobuf/*.proto are in the pool from here on
  class Errors : public google::protobuf::io::ErrorCollector {
   public:
    void AddError(int line, int column, const std::string& message) override {
      ADD_FAILURE() << line << ":" << column << ": " << message;
    }
  } errors;
  google::protobuf::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  google::protobuf::io::Tokenizer tokenizer(&input, &errors);
  google::protobuf::FileDescriptorProto file;
  EXPECT_TRUE(google::protobuf::compiler::Parser().Parse(&tokenizer, &file)) << text;
  file.set_name("bad.proto");
  google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
  const auto* built = pool.BuildFile(file);
  if (built == nullptr) return "not built";
  const auto table = RouteTable::Compile({built});
  if (table.ok()) return "ok";
  EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(table.status().message());
}

// A file with one method M(Req) returns (`reply`), its `options`, and `messages`.
std::string Method(absl::string_view options, absl::string_view messages,
                   absl::string_view reply = "google.protobuf.Empty") {
  return Compiled(absl::StrCat(kHead, kProvider, "service S { rpc M(Req) returns (", reply, ") {",
                               options, "} }", messages));
}

constexpr char kGet[] = R"(option (google.api.http) = {get: "/v1/x"};)";
constexpr char kPost[] = R"(option (google.api.http) = {post: "/v1/x" body: "body"};)";
constexpr char kPatch[] = R"(option (google.api.http) = {patch: "/v1/x" body: "body"};)";
constexpr char kEmptyReq[] = "message Req {}";

TEST(BadRoute, TheHarnessItselfAcceptsGoodOnes) {
  EXPECT_EQ(Method(kGet, kEmptyReq), "ok");
  EXPECT_EQ(Method(kPost, "message Req { B body = 1; } message B { optional int32 a = 1; }"), "ok");
}

struct BadMethod {
  const char* options;
  const char* messages;
  const char* reply;
  const char* reason;
};

TEST(BadRoute, NamesTheMethodAndTheReason) {
  const BadMethod cases[] = {
      {R"(option (google.api.http) = {body: "x"};)", kEmptyReq, "google.protobuf.Empty",
       "the http rule needs one of get, put, post, delete, patch"},
      {R"(option (google.api.http) = {custom: {kind: "HEAD" path: "/x"}};)", kEmptyReq,
       "google.protobuf.Empty", "the http rule needs one of get, put, post, delete, patch"},
      {R"(option (google.api.http) = {get: "/x" additional_bindings {get: "/y"}};)", kEmptyReq,
       "google.protobuf.Empty", "additional_bindings are not supported"},
      {R"(option (google.api.http) = {get: "x"};)", kEmptyReq, "google.protobuf.Empty",
       "path template \"x\", column 1: expected \"/\""},
      {R"(option (google.api.http) = {get: "/{id}"};)", kEmptyReq, "google.protobuf.Empty",
       "path field id does not exist"},
      {R"(option (google.api.http) = {get: "/{id}"};)", "message Req { optional string id = 1; }",
       "google.protobuf.Empty", "path field id must be required"},
      {R"(option (google.api.http) = {get: "/{id}"};)",
       "message Req { optional bool id = 1 [(gateway.v1.field).required = true]; }",
       "google.protobuf.Empty", "id cannot stand in a path"},
      {R"(option (google.api.http) = {get: "/{id}"};)",
       "message Req { repeated string id = 1 [(gateway.v1.field).required = true]; }",
       "google.protobuf.Empty", "id cannot stand in a path"},
      {R"(option (google.api.http) = {get: "/x" body: "body"};)", "message Req { Req body = 1; }",
       "google.protobuf.Empty", "a GET has no body"},
      {R"(option (google.api.http) = {post: "/x" body: "*"};)", kEmptyReq, "google.protobuf.Empty",
       "body field * does not exist (`*` is not supported)"},
      {kPost, "message Req { optional string body = 1; }", "google.protobuf.Empty",
       "the body must be a message, a list or a map"},
      {kPost, "message Req { google.protobuf.Struct body = 1; }", "google.protobuf.Empty",
       "the body must be a message, a list or a map"},
      {kGet, "message Req { Req nested = 1; }", "google.protobuf.Empty",
       "nested cannot stand in a query; is `body` missing?"},
      {kGet, "message Req { map<string, string> m = 1; }", "google.protobuf.Empty",
       "m cannot stand in a query; is `body` missing?"},
      {kGet, "message Req { google.protobuf.Value v = 1; }", "google.protobuf.Empty",
       "v cannot stand in a query; is `body` missing?"},
      {kGet, "message Req { google.protobuf.FieldMask mask = 1; }", "google.protobuf.Empty",
       "a field mask needs a message as body"},
      {kPatch,
       "message Req { repeated B body = 1; google.protobuf.FieldMask mask = 2; } "
       "message B { optional int32 a = 1; }",
       "google.protobuf.Empty", "a field mask needs a message as body"},
      {kPatch, "message Req { google.protobuf.FieldMask body = 1; }", "google.protobuf.Empty",
       "body is a field mask, and no body"},
      {kPatch,
       "message Req { B body = 1; google.protobuf.FieldMask a = 2; "
       "google.protobuf.FieldMask b = 3; } message B { optional int32 a = 1; }",
       "google.protobuf.Empty", "b is a second field mask"},
      {kPatch,
       "message Req { B body = 1; repeated google.protobuf.FieldMask a = 2; } "
       "message B { optional int32 a = 1; }",
       "google.protobuf.Empty", "a cannot stand in a query; is `body` missing?"},
      {kGet, "message Req { optional string tenant = 1; }", "google.protobuf.Empty",
       "the tenant field tenant must stand in the path, or be local"},
      {R"(option (google.api.http) = {get: "/x" response_body: "items"};)", kEmptyReq, "Req",
       "response_body field items does not exist"},
      {R"(option (google.api.http) = {get: "/x" response_body: "items"};)", kEmptyReq,
       "google.protobuf.Empty", "an empty reply has no response_body"},
      {R"(option (google.api.http) = {get: "/x"};
          option (gateway.v1.method).array_or_object = true;)",
       kEmptyReq, "google.protobuf.Empty", "array_or_object needs response_body"},
      {R"(option (google.api.http) = {get: "/x"};
          option (gateway.v1.method).array_or_object = true;)",
       kEmptyReq, "Req", "array_or_object needs a repeated response_body"},
      {R"(option (google.api.http) = {get: "/x" response_body: "one"};
          option (gateway.v1.method).array_or_object = true;)",
       "message Req {} message R { optional string one = 1; }", "R",
       "array_or_object needs a repeated response_body"},
      // Types with a JSON form of their own cannot be the reply itself.
      {kGet, kEmptyReq, "google.protobuf.Struct",
       "google.protobuf.Struct: has a JSON form of its own, and can only be a field"},
      {kGet, kEmptyReq, "google.protobuf.Value",
       "google.protobuf.Value: has a JSON form of its own, and can only be a field"},
      {kGet, kEmptyReq, "google.protobuf.Timestamp",
       "google.protobuf.Timestamp: has a JSON form of its own, and can only be a field"},
  };
  for (const BadMethod& c : cases) {
    EXPECT_EQ(Method(c.options, c.messages, c.reply), absl::StrCat("bad.v1.S.M: ", c.reason))
        << c.messages;
  }
}

// A guard that a request may leave unset keeps nobody out.
TEST(BadRoute, AGuardIsInEveryRequest) {
  const auto guarded_by = [](absl::string_view rule, absl::string_view guards) {
    return Method(absl::StrCat(rule, "option (gateway.v1.method).once = {", guards, "};"),
                  R"(message Req {
                       optional string owner = 1 [(gateway.v1.field).required = true];
                       B body = 2 [(gateway.v1.field).required = true];
                     }
                     message B {
                       optional string id = 1 [(gateway.v1.field).required = true];
                       optional string name = 2;
                     })");
  };
  constexpr char kPut[] = R"(option (google.api.http) = {put: "/v1/{owner}" body: "body"};)";
  constexpr char kPatchOwned[] =
      R"(option (google.api.http) = {patch: "/v1/{owner}" body: "body"};)";
  EXPECT_EQ(guarded_by(kPut, R"(guard: "body.id")"), "ok");
  EXPECT_EQ(guarded_by(kPut, R"(guard: "body.name" guard: "owner")"), "ok");
  EXPECT_EQ(guarded_by(kPatchOwned, R"(guard: "owner")"), "ok");
  const std::string reason = "is not required: a request without it has no guard";
  EXPECT_THAT(guarded_by(kPut, R"(guard: "body.name")"), HasSubstr(reason));
  EXPECT_THAT(guarded_by(kPut, R"(guard: "owner" guard: "body.name")"), HasSubstr(reason));
  EXPECT_THAT(guarded_by(kPatchOwned, R"(guard: "body.id")"), HasSubstr(reason));
}

TEST(BadRoute, StreamingHasNoMapping) {
  for (const char* signature : {"M(stream Req) returns (Req)", "M(Req) returns (stream Req)"}) {
    EXPECT_EQ(Compiled(absl::StrCat(kHead, kProvider, "service S { rpc ", signature, " {", kGet,
                                    "} } message Req {}")),
              "bad.v1.S.M: streaming has no REST mapping");
  }
}

// A list, and an RPC that streams it: a stream that does not fit the list is refused.
TEST(BadRoute, AStreamFitsItsList) {
  constexpr char kMessages[] = R"(
      message Req {
        optional int32 limit = 1 [(gateway.v1.field).maximum = 9];
        optional string after = 2;
        optional bool asc = 3;
        optional int32 free = 4;
        repeated string many = 5;
      }
      message Item { optional string id = 1; optional int32 size = 2; }
      message List { repeated Item items = 1; optional Item one = 2; }
      message Other { optional string id = 1; }
      message Good { Item item = 1; string cursor = 2; }
      message NoCursor { Item item = 1; }
      message WrongItem { Other item = 1; string cursor = 2; }
      message OneMore { Item item = 1; string cursor = 2; string third = 3; })";
  constexpr char kPages[] =
      R"(list: "L" items: "items" id: "id" cursor: "after" limit: "limit" oldest_first: "asc")";
  const auto compiled = [&](absl::string_view signature, absl::string_view pages,
                            absl::string_view more = "") {
    return Compiled(absl::StrCat(
        kHead, kProvider, "service S { rpc L(Req) returns (List) {", kGet,
        "option idempotency_level = NO_SIDE_EFFECTS;} rpc W(Req) returns (List) {", kGet, "} rpc ",
        signature, " { option (gateway.v1.method).pages = {", pages, "};", more, "} }", kMessages));
  };
  constexpr char kSignature[] = "M(Req) returns (stream Good)";
  EXPECT_EQ(compiled(kSignature, kPages), "ok");
  const auto replaced = [&](absl::string_view from, absl::string_view to) {
    return compiled(kSignature, absl::StrReplaceAll(kPages, {{from, to}}));
  };
  constexpr char kShape[] = "an RPC with `pages` answers with a stream, and has no http rule";
  constexpr char kMessage[] = "the stream's message must have two fields, the item and its cursor";
  const std::pair<std::string, std::string> cases[] = {
      {compiled("M(Req) returns (Good)", kPages), kShape},
      {compiled("M(stream Req) returns (stream Good)", kPages), kShape},
      {replaced("list: \"L\"", "list: \"X\""), "X is no read of this service"},
      {replaced("list: \"L\"", "list: \"W\""), "W is no read of this service"},
      {compiled("M(Item) returns (stream Good)", kPages), "must take the request of L"},
      {replaced("\"after\"", "\"x\""), "x is no query parameter of the list"},
      {replaced("\"after\"", "\"many\""), "many is no query parameter of the list"},
      {replaced("\"after\"", "\"free\""), "the cursor must be a string"},
      {replaced("\"limit\"", "\"free\""), "the limit must be a number with a maximum"},
      {replaced("\"asc\"", "\"free\""), "oldest_first must name a bool"},
      {replaced("\"items\"", "\"one\""), "one is no list of messages in the reply"},
      {replaced("\"id\"", "\"size\""), "size is no string of an item"},
      {compiled("M(Req) returns (stream NoCursor)", kPages), kMessage},
      {compiled("M(Req) returns (stream WrongItem)", kPages), kMessage},
      {compiled("M(Req) returns (stream OneMore)", kPages), kMessage},
  };
  for (const auto& [said, reason] : cases) {
    EXPECT_EQ(said, absl::StrCat("bad.v1.S.M: pages: ", reason));
  }
}

TEST(BadRoute, NamesTheFieldAndTheReason) {
  struct {
    const char* field;
    const char* reason;
  } const cases[] = {
      {"string f = 1;", "a scalar must be `optional`: not set and 0 are different things"},
      {"E f = 1; enum E { E_UNSPECIFIED = 0; }",
       "a scalar must be `optional`: not set and 0 are different things"},
      {"optional bytes f = 1;", "type bytes has no JSON mapping here"},
      {"optional float f = 1;", "type float has no JSON mapping here"},
      {"optional uint32 f = 1;", "type uint32 has no JSON mapping here"},
      {"optional uint64 f = 1;", "type uint64 has no JSON mapping here"},
      {"optional sint64 f = 1;", "type sint64 has no JSON mapping here"},
      {"optional fixed64 f = 1;", "type fixed64 has no JSON mapping here"},
      {"optional sfixed32 f = 1;", "type sfixed32 has no JSON mapping here"},
      {"map<int32, string> f = 1;", "the keys of a map must be strings"},
      {"optional string f = 4097;", "field number above 4096"},
      {"optional string f = 1 [(gateway.v1.field).minimum = 1];", "bounds need an integer field"},
      {"optional double f = 1 [(gateway.v1.field).maximum = 1];", "bounds need an integer field"},
      {"optional int32 f = 1 [(gateway.v1.field) = {minimum: 2 maximum: 1}];",
       "minimum exceeds maximum"},
      {"optional string f = 1 [(gateway.v1.field).min_items = 1];",
       "min_items and max_items need a repeated field"},
      {"optional int32 f = 1 [(gateway.v1.field).max_items = 1];",
       "min_items and max_items need a repeated field"},
      {"repeated int32 f = 1 [(gateway.v1.field) = {min_items: 2 max_items: 1}];",
       "min_items exceeds max_items"},
      {"optional int32 f = 1 [(gateway.v1.field).format = INT32];",
       "format INT32 needs an int64 field"},
      {"optional int32 f = 1 [(gateway.v1.field).format = FLAKE_ID];",
       "format FLAKE_ID needs a string or an int64 field"},
      {"optional string f = 1 [(gateway.v1.field).format = INT32];",
       "format INT32 needs an int64 field"},
      {"optional int64 f = 1 [(gateway.v1.field).format = STEAM_ID];",
       "this format needs a string field"},
      {"optional bool f = 1 [(gateway.v1.field).format = ISO8601_DURATION];",
       "this format needs a string field"},
      {"optional string f = 1 [(gateway.v1.field).wire_name = 'a\"b'];",
       "wire_name needs escaping in JSON"},
      {"optional string f = 1 [(gateway.v1.field).wire_name = 'a\\\\b'];",
       "wire_name needs escaping in JSON"},
      {"optional string g = 1; optional string f = 2 [(gateway.v1.field).wire_name = 'g'];",
       "another field has the wire name g"},
      {"oneof o { string f = 1; int32 g = 2; }", "a oneof has no JSON mapping here"},
      {"optional int64 f = 1 [(gateway.v1.field).null_when_unset = true];",
       "null_when_unset needs a nullable field that is neither required nor a list"},
      {"optional int64 f = 1 [(gateway.v1.field) = {nullable: true required: true null_when_unset: "
       "true}];",
       "null_when_unset needs a nullable field that is neither required nor a list"},
      {"repeated int64 f = 1 [(gateway.v1.field) = {nullable: true null_when_unset: true}];",
       "null_when_unset needs a nullable field that is neither required nor a list"},
      {"optional int64 f = 1 [(gateway.v1.field).loose = true];",
       "loose needs a string field, a list or a map of strings"},
      {"map<string, int64> f = 1 [(gateway.v1.field).loose = true];",
       "loose needs a string field, a list or a map of strings"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Method(kPost, absl::StrCat("message Req { B body = 1; } message B {", c.field, "}")),
              absl::StrCat("bad.v1.S.M: bad.v1.B.f: ", c.reason))
        << c.field;
  }
}

TEST(BadRoute, HasAMessageOfTooManyFields) {
  const auto with_fields = [](int count) {
    std::string messages = "message Req { B body = 1; } message B {";
    for (int i = 1; i <= count; ++i)
      absl::StrAppend(&messages, "optional bool f", i, " = ", i, ";");
    return Method(kPost, messages + "}");
  };
  EXPECT_EQ(with_fields(256), "ok");
  EXPECT_EQ(with_fields(257), "bad.v1.S.M: bad.v1.B: has more than 256 fields");
}

TEST(BadRoute, NamesAFieldOfTheReplyToo) {
  EXPECT_EQ(
      Method(kGet, "message Req {} message R { R r = 1; D d = 2; } message D { bool b = 1; }", "R"),
      "bad.v1.S.M: bad.v1.D.b: a scalar must be `optional`: not set and 0 are different "
      "things");
  EXPECT_THAT(Method(kGet, "message Req {} message R { google.protobuf.Duration d = 1; }", "R"),
              HasSubstr("google.protobuf.Duration.seconds: "));
  EXPECT_THAT(Method(kGet, "message Req {} message R { google.protobuf.StringValue d = 1; }", "R"),
              HasSubstr("google.protobuf.StringValue.value: "));
}

// The prefixes that apigen gives: digits end a word, underscores are not doubled.
TEST(EnumPrefix, IsThatOfTheName) {
  const auto with_enum = [](absl::string_view name, absl::string_view prefix) {
    return Method(kPost, absl::StrCat("message Req { B body = 1; } message B { optional ", name,
                                      " f = 1; } enum ", name, " { ", prefix, "UNSPECIFIED = 0; ",
                                      prefix, "A = 1; }"));
  };
  EXPECT_EQ(with_enum("OrderStatus", "ORDER_STATUS_"), "ok");
  EXPECT_EQ(with_enum("RevenueBasisDto_V2", "REVENUE_BASIS_DTO_V2_"), "ok");
  EXPECT_EQ(with_enum("Basis__Of2Days", "BASIS_OF2_DAYS_"), "ok");
  EXPECT_EQ(with_enum("OAuth2ID", "O_AUTH2_ID_"), "ok");
  EXPECT_EQ(with_enum("HTTPState", "HTTP_STATE_"), "ok");
}

TEST(BadEnum, NamesTheValue) {
  const auto with_enum = [](absl::string_view values) {
    return Method(kPost, absl::StrCat("message Req { B body = 1; } message B { optional MyEnum f = "
                                      "1; } enum MyEnum { MY_ENUM_UNSPECIFIED = 0; ",
                                      values, "}"));
  };
  EXPECT_EQ(with_enum("MY_ENUM_A = 1;"), "ok");
  EXPECT_EQ(
      with_enum("A = 1;"),
      "bad.v1.S.M: bad.v1.A: does not begin as the value 0 does, MY_ENUM_UNSPECIFIED, and has "
      "no (gateway.v1.value).text");
  EXPECT_EQ(with_enum("A = 1 [(gateway.v1.value).text = 'a'];"), "ok");
  EXPECT_EQ(with_enum("MY_ENUM_A = 1; X = 2 [(gateway.v1.value).text = 'a'];"),
            "bad.v1.S.M: bad.v1.X: another value has the text \"a\"");
  EXPECT_EQ(with_enum("MY_ENUM_ = 1;"), "bad.v1.S.M: bad.v1.MY_ENUM_: has no text");
}

// A type's name can be split into words in more than one way ("SaleDiscountV2DTO"). The name of
// value 0 shows the prefix of the other values.
TEST(BadEnum, TakesThePrefixOfTheValueZero) {
  const auto with_zero = [](absl::string_view zero) {
    return Method(kPost,
                  absl::StrCat("message Req { B body = 1; } message B { optional V2DTO f = 1; "
                               "} enum V2DTO { ",
                               zero, " = 0; V2_DTO_A = 1; }"));
  };
  EXPECT_EQ(with_zero("V2_DTO_UNSPECIFIED"), "ok");
  for (const char* const zero : {"V2DTO_UNSPECIFIED", "V2_DTO_NONE"}) {
    EXPECT_THAT(with_zero(zero), HasSubstr("bad.v1.V2_DTO_A: does not begin as the value 0 does"));
  }
}

TEST(BadProvider, IsFoundAtTheStart) {
  const std::string service =
      absl::StrCat("service S { rpc M(Req) returns (Req) {", kGet, "} } message Req {}");
  EXPECT_EQ(Compiled(absl::StrCat(kHead, service)),
            "bad.v1.S.M: no file of package bad.v1 has a (gateway.v1.provider) option");
  EXPECT_EQ(Compiled(absl::StrCat(kHead, "option (gateway.v1.provider) = {};", service)),
            "bad.proto: the provider has no name");
  const auto* shop_file =
      google::protobuf::DescriptorPool::generated_pool()->FindFileByName("shop.proto");
  ASSERT_NE(shop_file, nullptr);
  const auto twice = RouteTable::Compile({shop_file, shop_file});
  EXPECT_EQ(twice.status().message(), "shop.proto: package test.shop.v1 has two providers");
}

}  // namespace
}  // namespace gateway::mapping
