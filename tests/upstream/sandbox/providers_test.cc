// The sandboxes of all providers: every operation with generated requests, over real HTTP. Replies
// are checked against their schema.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/upstream/sandbox/client.h"
#include "upstream/sandbox/bundle.h"
#include "upstream/sandbox/request.h"

namespace gateway::sandbox {
namespace {

class Provider : public testing::TestWithParam<std::string> {
 protected:
  Provider() { Restart(); }

  // Starts a new sandbox, without the changes of earlier calls.
  void Restart() {
    Sandbox::Options options;
    options.provider = GetParam();
    options.threads = 4;
    sandbox_ = Sandbox::Start(std::move(options)).value();
    json_ = sandbox_->settings();
  }

  bool form() const { return json_.value("encoding", "") == "form"; }

  // Returns the header value for the first scheme that the behaviour lists.
  std::string Authorization(const std::string& key) const {
    const std::string scheme = json_.at("authorization")[0];
    return absl::StrCat(scheme, " ", scheme == "Basic" ? absl::Base64Escape(key + ":") : key);
  }

  Answer Send(const Operation& operation, const std::string& target, const std::string& body,
              const std::string& authorization) {
    httplib::Client http("127.0.0.1", sandbox_->port());
    httplib::Request request;
    request.method = operation.verb;
    request.path = target;
    request.set_header("Authorization", authorization);
    request.set_header("Content-Type",
                       form() ? "application/x-www-form-urlencoded" : "application/json");
    request.body = body;
    const auto result = http.send(request);
    EXPECT_TRUE(result) << operation.id;
    if (!result) return {};
    return {result->status, result->get_header_value("Content-Type"), result->body,
            ParseJson(result->body).value_or(Json())};
  }

  // Encodes only top-level members and lists of texts. The forms of these providers contain nothing
  // else, except metadata.
  std::string Body(const Operation& operation) const {
    if (!operation.body) return "";
    const Json json = Example(*operation.body, SeededExample(Fill::kFull, GetParam()));
    if (!form()) return WriteJson(json);
    std::string text;
    for (const auto& [name, value] : json.items()) {
      if (value.is_object()) continue;
      for (const Json& one : value.is_array() ? value : Json::array({value})) {
        absl::StrAppend(&text, text.empty() ? "" : "&", name, "=",
                        httplib::detail::encode_query_param(PlainText(one)));
      }
    }
    return text;
  }

  Json json_;  // the behaviour's settings
  std::unique_ptr<Sandbox> sandbox_;
};

TEST_P(Provider, AnswersEveryOperationAsDeclared) {
  for (const Operation& operation : (*ContractOf(GetParam()))->operations()) {
    Restart();
    const Answer answer = Send(operation, SeededTarget(operation), Body(operation),
                               Authorization(json_.at("api_key")));
    EXPECT_EQ(answer.status, operation.reply.status) << operation.id << ": " << answer.text;
    if (!operation.reply.type || operation.reply.status == 204) continue;
    EXPECT_EQ(Describe(Validate(*operation.reply.type, answer.body, UnknownMembers::kAsDeclared)),
              "")
        << operation.id << ": " << answer.text;
  }
}

TEST_P(Provider, WantsItsOwnKey) {
  for (const Operation& operation : sandbox_->contract().operations()) {
    for (const std::string& authorization : {std::string(), Authorization("other"),
                                             "Digest " + json_.at("api_key").get<std::string>()}) {
      const Answer answer = Send(operation, SeededTarget(operation), "", authorization);
      EXPECT_EQ(answer.status, 401) << operation.id << " " << authorization;
      EXPECT_TRUE(answer.body.is_object()) << answer.text;
    }
  }
}

TEST_P(Provider, RefusesBodiesThatAreNotDeclared) {
  for (const Operation& operation : sandbox_->contract().operations()) {
    if (!operation.body || operation.body->schema == nullptr) continue;
    bool needs_more = false;
    for (const Field& field : operation.body->schema->fields) needs_more |= field.required;
    if (!needs_more || operation.partial) continue;
    const Answer answer = Send(operation, SeededTarget(operation), form() ? "x=y" : "{}",
                               Authorization(json_.at("api_key")));
    EXPECT_GE(answer.status, 400) << operation.id;
    EXPECT_LT(answer.status, 500) << operation.id;
  }
}

// A partial update accepts a body without members that other operations require.
TEST(PartialBody, NeedsNoMemberOfItsOwn) {
  const Contract& contract = **ContractOf("paynow");
  size_t partial = 0;
  for (const Operation& operation : contract.operations()) {
    if (!operation.partial) continue;
    ++partial;
    std::vector<Violation> violations;
    ReadBody(operation, "application/json", "{}", /*form=*/false, violations);
    EXPECT_EQ(Describe(violations), "") << operation.id;
  }
  EXPECT_EQ(partial, 2u);
  std::vector<Violation> violations;
  ReadBody(*contract.FindOperation("CustomVariables_UpdateCustomVariableForStore"),
           "application/json", R"({"options": [{"name": "n"}], "name": 5})", false, violations);
  std::set<std::string> paths;
  for (const Violation& violation : violations) paths.insert(violation.path);
  EXPECT_EQ(paths, (std::set<std::string>{"name", "options[0].value", "options[0].price",
                                          "options[0].price_type", "options[0].is_default"}));
}

INSTANTIATE_TEST_SUITE_P(All, Provider,
                         testing::Values("convergegate", "paymentkit", "paynow", "qashier"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gateway::sandbox
