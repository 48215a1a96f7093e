// Every operation of the contract, over real HTTP, with generated requests. The validator, which is
// independent of the handlers, checks the replies against their schema.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/upstream/sandbox/client.h"
#include "upstream/sandbox/bundle.h"
#include "upstream/sandbox/validator.h"

namespace gateway::sandbox {
namespace {

const Contract& TheContract() {
  static const Contract* const kContract =
      Contract::Parse(FindBundle("paynow")->contract).value().release();
  return *kContract;
}

std::vector<std::string> AllIds() {
  std::vector<std::string> ids;
  for (const Operation& operation : TheContract().operations()) ids.push_back(operation.id);
  return ids;
}

// Operations whose path names a record of a store.
std::vector<std::string> RecordIds() {
  std::vector<std::string> ids;
  for (const Operation& operation : TheContract().operations()) {
    if (operation.path_params.size() > 1) ids.push_back(operation.id);
  }
  return ids;
}

// A shared sandbox for requests that change nothing.
const Sandbox& Unchanged() {
  static const Sandbox* const kSandbox = StartSandbox().release();
  return *kSandbox;
}

class EveryOperation : public testing::TestWithParam<std::string> {
 protected:
  const Operation& operation() const { return *TheContract().FindOperation(GetParam()); }

  Answer Call(Client& client, Fill fill) const {
    const std::string body =
        operation().body ? WriteJson(Example(*operation().body, SeededExample(fill))) : "";
    return client.Send(operation().verb, SeededTarget(operation()), body);
  }

  // Returns the target with the required parameters of the query and this parameter.
  std::string WithRequired(const std::string& name, const Json& value) const {
    std::string target = SeededPath(operation());
    for (const Parameter& parameter : operation().query) {
      if (parameter.required) target = SeededTarget(operation());
    }
    return absl::StrCat(target, target.find('?') == std::string::npos ? "?" : "&", name, "=",
                        httplib::detail::encode_query_param(PlainText(value)));
  }

  void ExpectDeclared(const Answer& answer) const {
    EXPECT_EQ(answer.status, operation().reply.status) << answer.text;
    if (!operation().reply.type || operation().reply.status == 204) {
      EXPECT_EQ(answer.text, "");
      return;
    }
    EXPECT_EQ(answer.content_type, "application/json");
    const auto violations =
        Validate(*operation().reply.type, answer.body, UnknownMembers::kRefused);
    EXPECT_EQ(Describe(violations), "") << answer.text;
  }
};

TEST_P(EveryOperation, AnswersAFullRequestAsDeclared) {
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  ExpectDeclared(Call(client, Fill::kFull));
}

TEST_P(EveryOperation, AnswersAMinimalRequestAsDeclared) {
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  const Answer answer = Call(client, Fill::kRequiredOnly);
  // Some operations need more than the contract says: a line, a product, an amount with its type.
  if (answer.status == operation().reply.status) {
    ExpectDeclared(answer);
  } else {
    EXPECT_THAT(answer.status, testing::AnyOf(400, 404)) << answer.text;
    EXPECT_TRUE(operation().body) << answer.text;
  }
}

TEST_P(EveryOperation, NeverBreaksOnNullsAndExtremes) {
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    for (const Fill fill : {Fill::kNulls, Fill::kExtremes}) {
      ExampleOptions options = SeededExample(fill);
      options.seed = seed;
      if (fill == Fill::kExtremes && seed % 2 == 0) options.known = nullptr;
      const std::string body =
          operation().body ? WriteJson(Example(*operation().body, options)) : "";
      const Answer answer = client.Send(operation().verb, SeededTarget(operation()), body);
      if (answer.status == operation().reply.status) {
        ExpectDeclared(answer);
        continue;
      }
      EXPECT_THAT(answer.status, testing::AnyOf(400, 404, 409)) << answer.text;
      EXPECT_EQ(Describe(Validate(TheContract().Ref("PayNowError"), answer.body,
                                  UnknownMembers::kRefused)),
                "");
    }
  }
}

TEST_P(EveryOperation, TakesEveryDeclaredQueryParameter) {
  Client client(Unchanged().port());
  for (const Parameter& parameter : operation().query) {
    const Json value = ExampleParameter(parameter, SeededExample(Fill::kFull));
    // The seeded target already contains the required parameters.
    const std::string target =
        parameter.required ? SeededTarget(operation()) : WithRequired(parameter.name, value);
    const Answer answer = client.Send(operation().verb, target, "");
    if (answer.status != 404) ExpectDeclared(answer);
  }
}

using EveryRecordOperation = EveryOperation;

TEST_P(EveryRecordOperation, KnowsNoRecordOfAnotherStore) {
  Client client(Unchanged().port());
  std::string path = SeededPath(operation());
  path.replace(0, std::string(kStore).size(), kOtherStore);
  const std::string body =
      operation().body ? WriteJson(Example(*operation().body, SeededExample(Fill::kFull))) : "";
  EXPECT_EQ(client.Send(operation().verb, path, body).status, 404);
}

TEST_P(EveryOperation, WantsAKey) {
  Client client(Unchanged().port(), /*key=*/"");
  const Answer answer = client.Send(operation().verb, SeededPath(operation()), "");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.body["code"], "unauthorized");
}

INSTANTIATE_TEST_SUITE_P(All, EveryRecordOperation, testing::ValuesIn(RecordIds()),
                         [](const auto& info) { return info.param; });
INSTANTIATE_TEST_SUITE_P(All, EveryOperation, testing::ValuesIn(AllIds()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gateway::sandbox
