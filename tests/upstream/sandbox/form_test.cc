#include "upstream/sandbox/form.h"

#include <gtest/gtest.h>

#include "upstream/sandbox/bundle.h"

namespace gateway::sandbox {
namespace {

Json Read(const std::string& schema, absl::string_view text) {
  return ReadForm((*ContractOf("convergegate"))->Ref(schema), ParsePairs(text));
}

TEST(SandboxForm, TypesValuesAsTheContractDoes) {
  EXPECT_EQ(Read("CheckoutSessionCreate", "amount=1000&currency=usd&locale="),
            Json::parse(R"({"amount": 1000, "currency": "usd", "locale": ""})"));
  EXPECT_EQ(Read("CheckoutSessionPay", "blik_code=000123"),
            Json::parse(R"({"blik_code": "000123"})"));
  EXPECT_EQ(Read("CheckoutSessionCreate", "amount=ten"), Json::parse(R"({"amount": "ten"})"));
}

TEST(SandboxForm, ReadsListsInEveryStyle) {
  const Json both = Json::parse(R"({"payment_method": ["blik", "card"]})");
  for (const char* const text :
       {"payment_method=blik&payment_method=card", "payment_method[]=blik&payment_method[]=card",
        "payment_method[0]=blik&payment_method[1]=card",
        "payment_method%5B%5D=blik&payment_method%5B%5D=card"}) {
    EXPECT_EQ(Read("CheckoutSessionCreate", text), both) << text;
  }
}

TEST(SandboxForm, ReadsMembersInEitherStyle) {
  const Json json = Json::parse(R"({"metadata": {"a": "1", "b": "x y"}})");
  EXPECT_EQ(Read("CheckoutSessionCreate", "metadata[a]=1&metadata%5Bb%5D=x%20y"), json);
  EXPECT_EQ(Read("CheckoutSessionCreate", "metadata.a=1&metadata.b=x+y"), json);
}

TEST(SandboxForm, KeepsWhatIsThereTwiceForTheValidator) {
  EXPECT_EQ(Read("CheckoutSessionCreate", "amount=1&amount=2"),
            Json::parse(R"({"amount": [1, "2"]})"));
}

}  // namespace
}  // namespace gateway::sandbox
