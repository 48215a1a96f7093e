#include "upstream/mapping/profile.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/upstream/mapping/guests.h"

namespace gateway::mapping {
namespace {

using guests::RouteOf;
using guests::Sent;

constexpr char kFind[] = "test.cafe.v1.CafeService.Find";
constexpr char kOrder[] = "test.cafe.v1.CafeService.PlaceOrder";

// Returns "ok", or the error of a start with these overrides for the café.
std::string Compiled(const ProfileOverrides& cafe) {
  const auto table = RouteTable::Compile(guests::Files(), {{"cafe", cafe}});
  return table.ok() ? "ok" : std::string(table.status().message());
}

std::string Authorization(const v1::Provider& provider, absl::string_view key) {
  http::HeaderLines headers;
  AddAuthorization(provider, key, headers);
  return std::string(headers[0]);
}

TEST(Authorization, IsTheSchemeAndTheKey) {
  v1::Provider provider;
  provider.set_authorization_scheme("Bearer");
  EXPECT_EQ(Authorization(provider, "sk_1"), "Authorization: Bearer sk_1");
  provider.set_authorization_scheme("APIKey");
  EXPECT_EQ(Authorization(provider, "sk_1"), "Authorization: APIKey sk_1");
}

// RFC 7617: base64 of "user:password", here with an empty password.
TEST(Authorization, IsBasicWithTheKeyAsUserName) {
  v1::Provider provider;
  provider.set_authorization_scheme("Basic");
  EXPECT_EQ(Authorization(provider, "sk_test_a"), "Authorization: Basic c2tfdGVzdF9hOg==");
}

TEST(Profile, TakesTheSchemeAndTheStyleOfTheConfiguration) {
  ProfileOverrides cafe;
  cafe.authorization_scheme = "Bearer";
  cafe.members = v1::MEMBERS_AFTER_DOTS;
  const auto routes = guests::RoutesWith({{"cafe", cafe}});
  const Route& find = RouteOf(*routes, "Find");
  EXPECT_EQ(Authorization(*find.provider, "k"), "Authorization: Bearer k");
  EXPECT_EQ(Sent(find, "made { gte: 1 } tables: '2'"),
            "GET https://guest.test/v1/orders?made.gte=1&tables%5B%5D=2");
  EXPECT_EQ(Authorization(*RouteOf(*routes, "Sell").provider, "k"), "Authorization: Bearer k");
}

TEST(Profile, NamesTheMembersOfObjectsInQueries) {
  const Route& find = RouteOf(guests::Routes(), "Find");
  EXPECT_EQ(Sent(find,
                 "made { gte: 1 lt { seconds: 2 } } tables: 'a' tables: 'b' "
                 "since { seconds: 3 }"),
            "GET https://guest.test/v1/orders?made%5Bgte%5D=1&made%5Blt%5D=2&tables%5B%5D=a&"
            "tables%5B%5D=b&since=3");
  EXPECT_EQ(Sent(find, "made { }"), "GET https://guest.test/v1/orders");
  EXPECT_EQ(Sent(find, "made { gte: -1 }"), "refused: made.gte: is below the minimum of 0");
}

TEST(Profile, TakesVerbsAndPathsOfTheConfiguration) {
  ProfileOverrides cafe;
  cafe.operations[kFind] = "POST /v2/{branch}/search";
  const auto routes = guests::RoutesWith({{"cafe", cafe}});
  EXPECT_EQ(Sent(RouteOf(*routes, "Find"), "branch: 'b'"), "POST https://guest.test/v2/b/search");
  EXPECT_EQ(Sent(RouteOf(*routes, "Find"), ""), "refused: branch: is required");
}

TEST(Profile, ReplacesTheBeginningOfPaths) {
  ProfileOverrides cafe;
  cafe.path_prefixes["/v1"] = "/v3";
  cafe.path_prefixes["/v1/{branch}"] = "/api";
  const auto routes = guests::RoutesWith({{"cafe", cafe}});
  EXPECT_EQ(Sent(RouteOf(*routes, "Find"), ""), "GET https://guest.test/v3/orders");
  // The branch is no longer in the path, but still selects the key.
  const shop::Written written =
      guests::Write(RouteOf(*routes, "PlaceOrder"), "branch: 'b' body { }");
  ASSERT_TRUE(std::holds_alternative<RestRequest>(written)) << shop::Violated(written);
  EXPECT_EQ(std::get<RestRequest>(written).http.url, "https://guest.test/api/orders");
  EXPECT_EQ(std::get<RestRequest>(written).tenant, "b");
}

TEST(Profile, ReplacesWholeSegmentsOnly) {
  ProfileOverrides overrides;
  overrides.path_prefixes["/v1"] = "/v2";
  EXPECT_EQ(ReplacePrefix(overrides, "/v1/x"), "/v2/x");
  EXPECT_EQ(ReplacePrefix(overrides, "/v1"), "/v2");
  EXPECT_EQ(ReplacePrefix(overrides, "/v10/x"), "/v10/x");
  EXPECT_EQ(ReplacePrefix(overrides, "/x/v1"), "/x/v1");
}

TEST(Profile, TakesWireNamesOfTheConfiguration) {
  ProfileOverrides cafe;
  cafe.wire_names["test.cafe.v1.FindRequest.made"] = "created_at";
  cafe.wire_names["test.cafe.v1.Interval.gte"] = "from";
  const auto routes = guests::RoutesWith({{"cafe", cafe}});
  EXPECT_EQ(Sent(RouteOf(*routes, "Find"), "made { gte: 1 }"),
            "GET https://guest.test/v1/orders?created_at%5Bfrom%5D=1");
}

TEST(Profile, OfWhatIsNotThereIsRefused) {
  ProfileOverrides cafe;
  cafe.operations["test.cafe.v1.CafeService.Lose"] = "GET /v1/orders";
  EXPECT_EQ(Compiled(cafe), "cafe: there is no RPC test.cafe.v1.CafeService.Lose");
  cafe.operations.clear();
  cafe.wire_names["test.cafe.v1.Order.lost"] = "found";
  EXPECT_EQ(Compiled(cafe), "cafe: there is no field test.cafe.v1.Order.lost");
}

TEST(Profile, ThatDoesNotFitIsRefusedByName) {
  struct Case {
    std::string rule;
    std::string problem;
  };
  const Case cases[] = {
      {"FETCH /v1/orders",
       "\"FETCH /v1/orders\" is not GET, POST, PUT, PATCH or DELETE, a space, and a path"},
      {"/v1/orders", "\"/v1/orders\" is not GET, POST, PUT, PATCH or DELETE, a space, and a path"},
      {"POST v1/orders", "path template \"v1/orders\", column 1: expected \"/\""},
      {"POST /v1/{table}", "path field table does not exist"},
      {"GET /v1/{branch}/orders", "a GET has no body"},
  };
  for (const Case& c : cases) {
    ProfileOverrides cafe;
    cafe.operations[kOrder] = c.rule;
    EXPECT_EQ(Compiled(cafe), std::string(kOrder) + ": " + c.problem);
  }
  ProfileOverrides cafe;
  cafe.authorization_scheme = "Bearer\r\nX-Evil: 1";
  EXPECT_EQ(Compiled(cafe), "cafe.proto: provider cafe: authorization_scheme is not a single word");
}

TEST(Tenant, ThatIsLocalChoosesTheKeyAndIsNotSent) {
  const shop::Written written = guests::Write(RouteOf(guests::Routes(), "Find"), "branch: 'b'");
  EXPECT_EQ(std::get<RestRequest>(written).tenant, "b");
  EXPECT_EQ(std::get<RestRequest>(written).http.url, "https://guest.test/v1/orders");
}

// Returns the idempotency header of a call with this key, "none", or the violations.
std::string KeyHeader(absl::string_view method, std::optional<absl::string_view> key) {
  const shop::Written written = guests::Write(RouteOf(guests::Routes(), method),
                                              method == "Find" ? "" : "branch: 'b' body { }", key);
  if (std::holds_alternative<Failure>(written)) return shop::Violated(written);
  for (const absl::string_view header : std::get<RestRequest>(written).http.headers) {
    if (header.find("Idempotency") != std::string::npos) return std::string(header);
  }
  return "none";
}

TEST(IdempotencyKey, IsPassedOnWhereItHasEffect) {
  EXPECT_EQ(KeyHeader("PlaceOrder", "key-1"), "Idempotency-Key: key-1");
  EXPECT_EQ(KeyHeader("PlaceOrder", std::nullopt), "none");
  EXPECT_EQ(KeyHeader("Find", "key-1"), "none");
}

TEST(IdempotencyKey, IsRefusedWhereACallerWouldCountOnItInVain) {
  for (const char* const key : {"key-1", "", " "}) {
    EXPECT_EQ(KeyHeader("ChangeOrder", key),
              "idempotency-key: is of no effect here: the upstream has no such thing");
  }
}

TEST(IdempotencyKey, IsRefusedWhereItDoesNotFit) {
  EXPECT_EQ(KeyHeader("PlaceOrder", "12345678"), "Idempotency-Key: 12345678");
  for (const char* const key : {"", " ", "\t", "123456789", "a b", "a\r\nb", "caf\xc3\xa9"}) {
    for (const char* const method : {"PlaceOrder", "Find"}) {
      EXPECT_EQ(KeyHeader(method, key),
                "idempotency-key: must be given once, as 1 to 8 visible characters of ASCII")
          << key;
    }
  }
}

}  // namespace
}  // namespace gateway::mapping
