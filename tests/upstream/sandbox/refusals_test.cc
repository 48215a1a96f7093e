// Requests that must be declined, and the form of the refusal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/upstream/sandbox/client.h"

namespace gateway::sandbox {
namespace {

using testing::UnorderedElementsAre;

class RefusalsTest : public testing::Test {
 protected:
  // Checks the answer against the PayNowError schema and returns its errors as "path: validation".
  std::vector<std::string> ErrorsOf(const Answer& answer, int status) {
    EXPECT_EQ(answer.status, status) << answer.text;
    EXPECT_EQ(answer.content_type, "application/json");
    EXPECT_EQ(Describe(Validate(sandbox_->contract().Ref("PayNowError"), answer.body,
                                UnknownMembers::kRefused)),
              "")
        << answer.text;
    EXPECT_EQ(answer.body["status"], status);
    std::vector<std::string> errors;
    for (const Json& error : answer.body.value("errors", Json::array())) {
      errors.push_back(absl::StrCat(error["path"].get<std::string>(), ": ",
                                    error["validation"].get<std::string>()));
    }
    return errors;
  }

  static std::string In(absl::string_view rest) { return absl::StrCat(kStore, rest); }

  const std::unique_ptr<Sandbox> sandbox_ = StartSandbox();
  Client client_{sandbox_->port()};
};

TEST_F(RefusalsTest, EverythingWrongWithABodyIsNamed) {
  const Answer answer = client_.Send("POST", In("/checkouts"), R"({
      "customer_id": 5, "auto_redirect": "yes", "surprise": 1,
      "lines": [{"quantity": 1.5, "product_id": "abc"}, {"quantity": 99999999999}, {}]})");
  EXPECT_THAT(ErrorsOf(answer, 400),
              UnorderedElementsAre("customer_id: type", "auto_redirect: type", "surprise: unknown",
                                   "lines[0].quantity: type", "lines[0].product_id: format",
                                   "lines[1].quantity: range", "lines[2].quantity: required"));
}

TEST_F(RefusalsTest, BodiesThatAreNotWhatIsDeclared) {
  const std::string target = In("/checkouts");
  for (const char* body : {"{", "nonsense", "{\"lines\": [}", "\xff\xfe", "{} trailing", "\""}) {
    EXPECT_THAT(ErrorsOf(client_.Send("POST", target, body), 400), UnorderedElementsAre(": json"))
        << body;
  }
  for (const char* body : {"[]", "null", "5", "\"text\""}) {
    EXPECT_THAT(ErrorsOf(client_.Send("POST", target, body), 400), UnorderedElementsAre(": type"))
        << body;
  }
  EXPECT_THAT(ErrorsOf(client_.Send("POST", target, ""), 400),
              UnorderedElementsAre("customer_id: required", "lines: required"));
  EXPECT_THAT(ErrorsOf(client_.Send("POST", target, "{}", "text/plain"), 400),
              UnorderedElementsAre(": content-type"));
  EXPECT_THAT(ErrorsOf(client_.Send("POST", In("/customers/bulk"), "{}"), 400),
              UnorderedElementsAre(": type"));
}

TEST_F(RefusalsTest, JsonTypesThatTheContractDeclares) {
  for (const char* type :
       {"application/json; charset=utf-8", "text/json", "application/x+json", "Application/JSON"}) {
    EXPECT_EQ(client_.Send("POST", In("/customers"), "{}", type).status, 200) << type;
  }
}

TEST_F(RefusalsTest, NestingThatNoRequestNeeds) {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  EXPECT_THAT(ErrorsOf(client_.Send("POST", In("/customers"), deep), 400),
              UnorderedElementsAre(": json"));
}

TEST_F(RefusalsTest, ABodyThatIsTooLarge) {
  const Answer answer = client_.Send("POST", In("/customers"), std::string(9 << 20, ' '));
  ErrorsOf(answer, 413);
}

TEST_F(RefusalsTest, WhatIsNotThere) {
  ErrorsOf(client_.Get("/v1/nothing"), 404);
  ErrorsOf(client_.Get("/"), 404);
  ErrorsOf(client_.Get("/v1/stores/5/orders"), 404);
  ErrorsOf(client_.Get(In("/orders/5")), 404);
  ErrorsOf(client_.Get(In("/orders/411486491630370818")), 404);
  ErrorsOf(client_.Delete(In("/orders")), 405);
  ErrorsOf(client_.Send("OPTIONS", In("/orders"), ""), 405);
  // A file that belongs to another product.
  ErrorsOf(client_.Get(In("/products/411486491630370818/downloadable-files/411486491630370869/"
                          "download-url")),
           404);
}

TEST_F(RefusalsTest, IdsThatAreNone) {
  EXPECT_THAT(ErrorsOf(client_.Get(In("/orders/abc")), 400),
              UnorderedElementsAre("orderId: format"));
  EXPECT_THAT(ErrorsOf(client_.Get(In("/orders/..%2F1")), 400),
              UnorderedElementsAre("orderId: format"));
  EXPECT_THAT(ErrorsOf(client_.Get(In("/discord/1x/roles")), 400),
              UnorderedElementsAre("discordServerId: type"));
}

TEST_F(RefusalsTest, Keys) {
  for (const char* key : {"", "pnapi_v1_other", "pnapi_v1_sandbo", "pnapi_v1_sandbox2"}) {
    ErrorsOf(Client(sandbox_->port(), key).Get("/v1/stores"), 401);
  }
  httplib::Client http("127.0.0.1", sandbox_->port());
  const auto status = [&](const char* authorization) {
    return http.Get("/v1/stores", {{"Authorization", authorization}})->status;
  };
  EXPECT_EQ(status("APIKey pnapi_v1_sandbox"), 200);
  EXPECT_EQ(status("apikey pnapi_v1_sandbox"), 200);
  EXPECT_EQ(status("APIKEY   pnapi_v1_sandbox"), 200);
  EXPECT_EQ(status("Bearer pnapi_v1_sandbox"), 401);
  EXPECT_EQ(status("pnapi_v1_sandbox"), 401);
  EXPECT_EQ(status("APIKey"), 401);
  EXPECT_EQ(status("APIKey "), 401);
}

TEST_F(RefusalsTest, TheRootNeedsNoKey) {
  const Answer root = Client(sandbox_->port(), "").Get("/v1/");
  EXPECT_EQ(root.status, 200);
  EXPECT_EQ(root.content_type, "text/html");
  EXPECT_EQ(root.text, "PayNow API");
}

}  // namespace
}  // namespace gateway::sandbox
