// How a generation is made from a configuration and its files, and which parts survive a change.
#include "service/generation/generation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/service/authority.h"
#include "tests/service/temp_dir.h"
#include "upstream/mapping/descriptors.h"

namespace gateway {
namespace {

using testing::HasSubstr;

constexpr char kPolicy[] = R"({"rules": {"all": {"anyone": true, "methods": ["*"]}}})";
constexpr char kOtherPolicy[] = R"({"rules": {"reads": {"anyone": true, "methods": ["read"]}}})";

const Protos& AllProtos() {
  static const auto& protos = *new Protos(Protos::Compile({}, mapping::EmbeddedFiles()).value());
  return protos;
}

// Fixture: a configuration that uses every kind of file, for two upstreams.
class GenerationTest : public testing::Test {
 protected:
  GenerationTest() {
    const Identity server = servers_.Issue({});
    config_.file = "gateway.json";
    config_.server.tls = {.certificate_file = directory_.Write("server.crt", server.certificate),
                          .key_file = directory_.Write("server.key", server.key),
                          .client_ca_file = directory_.Write("clients.pem", servers_.certificate()),
                          .trust_domains = {}};
    config_.authorization.policy_file = directory_.Write("policy.json", kPolicy);
    config_.authorization.jwt = {.jwks_file = directory_.Write("jwks.json", R"({"keys": []})"),
                                 .issuer = "issuer",
                                 .audience = "billing-gateway"};
    WebhookConfig& webhook = config_.webhooks.providers["paynow"];
    webhook.secrets["first"].file = directory_.Write("secret", "secret-of-webhooks");
    for (const char* const name : {"paynow", "qashier"}) {
      UpstreamConfig& upstream = config_.upstreams[name];
      upstream.options.base_url = "https://127.0.0.1:1";
      upstream.api_key.file = directory_.Write(absl::StrCat(name, ".key"), "key-1");
      upstream.tls.ca_file = directory_.Write(absl::StrCat(name, ".pem"), servers_.certificate());
    }
    auto first = Load(config_, AllProtos(), nullptr);
    EXPECT_TRUE(first.ok()) << first.status();
    if (first.ok()) first_ = *std::move(first);
  }

  absl::StatusOr<std::shared_ptr<const Generation>> Next() const {
    return Load(config_, AllProtos(), first_.get());
  }

  TempDir directory_;
  Authority servers_{"servers"};
  Config config_;
  std::shared_ptr<const Generation> first_;
};

TEST_F(GenerationTest, SharesWhatDidNotChange) {
  const auto next = Next();
  ASSERT_TRUE(next.ok()) << next.status();
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*next)->upstreams[i].client, first_->upstreams[i].client);
    EXPECT_EQ((*next)->upstreams[i].credentials, first_->upstreams[i].credentials);
  }
  EXPECT_EQ((*next)->tls, first_->tls);
  EXPECT_EQ((*next)->authorization->policy, first_->authorization->policy);
  EXPECT_EQ((*next)->authorization->tokens, first_->authorization->tokens);
  EXPECT_EQ((*next)->authorization->certificates, first_->authorization->certificates);
}

TEST_F(GenerationTest, KeepsTheClientWhereTheKeyAloneChanged) {
  directory_.Write("paynow.key", "key-2");
  const auto next = Next();
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ((*next)->upstreams[0].name, "paynow");
  EXPECT_EQ((*next)->upstreams[0].client, first_->upstreams[0].client);
  EXPECT_EQ((*next)->upstreams[0].credentials->KeyFor("1"), "key-2");
  EXPECT_EQ(first_->upstreams[0].credentials->KeyFor("1"), "key-1");
  EXPECT_EQ((*next)->upstreams[1].credentials, first_->upstreams[1].credentials);
}

TEST_F(GenerationTest, MakesANewClientForAChangedSectionOrCertificateAndKeepsTheOthers) {
  config_.upstreams["paynow"].options.base_url = "https://127.0.0.1:2";
  const auto next = Next();
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_NE((*next)->upstreams[0].client, first_->upstreams[0].client);
  EXPECT_EQ((*next)->upstreams[0].client->upstream().shared_counters,
            first_->upstreams[0].client->upstream().shared_counters);
  EXPECT_EQ((*next)->upstreams[1].client, first_->upstreams[1].client);

  directory_.Write("qashier.pem", Authority("others").certificate());
  const auto third = Load(config_, AllProtos(), next->get());
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ((*third)->upstreams[0].client, (*next)->upstreams[0].client);
  EXPECT_NE((*third)->upstreams[1].client, (*next)->upstreams[1].client);
}

// In each case, all other files have changed and are good: none of their changes may take effect.
TEST_F(GenerationTest, IsAllOrNothingWhateverFileIsBad) {
  struct Case {
    const char* file;
    std::string bad;
    const char* blames;
  };
  const std::vector<Case> cases = {
      {"paynow.key", "", "upstreams.paynow.api_key.file"},
      {"qashier.key", "two\nlines", "upstreams.qashier.api_key.file"},
      {"qashier.pem", "rubbish", "upstreams.qashier.ca_file"},
      {"server.crt", servers_.Issue({.valid_days = -1}).certificate, "server.tls.certificate_file"},
      {"server.key", servers_.Issue({}).key, "server.tls.key_file"},
      {"clients.pem", "rubbish", "server.tls.client_ca_file"},
      {"policy.json", "rubbish", "authorization.policy_file"},
      {"policy.json", R"({"dry_run": true, "rules": {}})", "authorization.policy_file"},
      {"jwks.json", "rubbish", "authorization.jwt.jwks_file"},
      {"secret", "", "webhooks.providers.paynow.secrets.first.file"},
  };
  const Identity other = servers_.Issue({});
  for (const Case& c : cases) {
    SCOPED_TRACE(absl::StrCat(c.file, ": ", c.bad));
    directory_.Write("paynow.key", "key-2");
    directory_.Write("qashier.key", "key-2");
    directory_.Write("qashier.pem", servers_.certificate());
    directory_.Write("server.crt", other.certificate);
    directory_.Write("server.key", other.key);
    directory_.Write("clients.pem", Authority("others").certificate());
    directory_.Write("policy.json", kOtherPolicy);
    directory_.Write("jwks.json", R"({"keys": [ ]})");
    directory_.Write("secret", "another-secret");
    const authorization::Settings settings = *first_->authorization;
    const auto client = first_->upstreams[0].client;
    const long uses = client.use_count();

    directory_.Write(c.file, c.bad);
    const auto next = Next();
    ASSERT_FALSE(next.ok());
    EXPECT_THAT(std::string(next.status().message()),
                HasSubstr(absl::StrCat("gateway.json: ", c.blames)));
    EXPECT_EQ(first_->upstreams[0].client, client);
    EXPECT_EQ(client.use_count(), uses);
    EXPECT_EQ(first_->upstreams[0].credentials->KeyFor("1"), "key-1");
    EXPECT_EQ(first_->authorization->policy, settings.policy);
    EXPECT_EQ(first_->authorization->tokens, settings.tokens);
    EXPECT_EQ(first_->authorization->certificates, settings.certificates);
  }
}

// tests/service/config/config_keys_test.cc has each key and its rule.
TEST_F(GenerationTest, RefusesWhatTakesARestart) {
  config_.ruled["listen"] = {ReloadRule::kRestart, "127.0.0.1:1"};
  EXPECT_EQ(Next().status().message(), "gateway.json: listen: cannot change without a restart");
  EXPECT_TRUE(Load(config_, AllProtos(), nullptr).ok());  // a start may use it
}

}  // namespace
}  // namespace gateway
