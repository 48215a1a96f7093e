#include "upstream/redaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/upstream/client_fixture.h"

namespace gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kKey[] = "pnapi/v1+MARKER";

v1::Provider ProviderOf(const std::string& scheme) {
  v1::Provider provider;
  provider.set_authorization_scheme(scheme);
  return provider;
}

std::string Masked(const std::string& body, const std::string& scheme = "APIKey") {
  http::Response response;
  response.status = 400;
  response.body = body;
  Redaction(ProviderOf(scheme), kKey).Mask(response);
  EXPECT_EQ(response.body.size(), body.size());
  return response.body;
}

TEST(RedactionTest, WritesOverTheKeyWhereverItStands) {
  EXPECT_EQ(Masked(absl::StrCat(kKey, " is bad: ", kKey)),
            "*************** is bad: ***************");
  EXPECT_EQ(Masked(R"({"k":"pnapi\/v1+MARKER"})"), R"({"k":"****************"})");
  EXPECT_EQ(Masked("pnapi/v1+MARKE"), "pnapi/v1+MARKE");
  EXPECT_EQ(Masked(""), "");
}

TEST(RedactionTest, KnowsTheFormThatBasicSends) {
  const std::string sent = absl::Base64Escape(absl::StrCat(kKey, ":"));
  EXPECT_EQ(Masked("Basic " + sent, "Basic"), "Basic " + std::string(sent.size(), '*'));
  EXPECT_THAT(Masked(kKey, "Basic"), Not(HasSubstr("MARKER")));
}

TEST(RedactionTest, LeavesTheCallersReplyAlone) {
  http::Response response;
  response.status = 200;
  response.body = kKey;
  response.headers = absl::StrCat("request-id: ", kKey, "\r\n");
  Redaction(ProviderOf("APIKey"), kKey).Mask(response);
  EXPECT_EQ(response.body, kKey);
  EXPECT_THAT(response.headers, Not(HasSubstr("MARKER")));
}

TEST(RedactionTest, TakesNoWordsOutForAKeyThatIsNone) {
  http::Response response;
  response.status = 400;
  response.body = "key of the order";
  Redaction(ProviderOf("APIKey"), "key").Mask(response);
  EXPECT_EQ(response.body, "key of the order");
}

// Redaction through a whole call, in which texts are decoded, cut and combined.
class RedactionInCallTest : public ClientTest {
 protected:
  std::string EverythingOf(const std::string& body, const std::string& headers = "") {
    Create();
    const Called& call = Call(kGetOrder, R"({"store_id": "12", "order_id": "34"})");
    http::Response response = Response(400, body);
    response.headers = headers;
    transport_->waiting.at(0)(std::move(response));
    const mapping::Failure& failure = call.failure();
    std::string all =
        absl::StrCat(failure.message, "|", failure.upstream_code, "|", failure.trace_id);
    for (const auto& violation : failure.violations) {
      absl::StrAppend(&all, "|", violation.field, "|", violation.description);
    }
    return all;
  }
};

TEST_F(RedactionInCallTest, NoTextOfAnErrorHoldsTheKey) {
  Create();
  Call(kGetOrder, R"({"store_id": "12", "order_id": "34"})");
  std::string header;
  for (const absl::string_view sent : transport_->sent.at(0).headers) {
    if (absl::StartsWith(sent, "Authorization: ")) header = std::string(sent);
  }
  const std::string key = header.substr(header.rfind(' ') + 1);
  ASSERT_GE(key.size(), Redaction::kLeast) << header;
  std::string escaped;  // as \u0064
  for (const char c : key) absl::StrAppend(&escaped, "\\u00", absl::Hex(c, absl::kZeroPad2));
  for (const std::string& text : {key, escaped}) {
    const std::string all = EverythingOf(absl::StrCat(
        R"({"code": ")", text, R"(", "message": "bad key )", text, R"(", "trace_id": ")", text,
        R"(", "errors": [{"path": [")", text, R"("], "message": ")", text, R"("}]})"));
    EXPECT_THAT(all, Not(HasSubstr(key)));
    EXPECT_THAT(all, HasSubstr("bad key ***"));
  }
  for (size_t before = 150; before < 220; ++before) {  // around the place where a sample is cut
    const std::string all = EverythingOf(absl::StrCat("<p>", std::string(before, 'x'), key));
    EXPECT_THAT(all, Not(HasSubstr("x" + key.substr(0, 3)))) << before;
  }
}

}  // namespace
}  // namespace gateway
