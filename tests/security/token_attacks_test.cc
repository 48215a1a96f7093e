// Attacks with tokens. The caller's certificate is valid, but no policy rule matches it.
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/security/victim.h"

namespace gateway::security {
namespace {

using nlohmann::json;
using enum grpc::StatusCode;

class TokenAttacks : public AttackTest {
 protected:
  // Returns the refund that a good token of this caller allows.
  static std::string Refund() {
    return absl::StrCat(R"({"store_id": ")", kStoreB, R"(", "order_id": "34", "body": {}})");
  }
  static RpcAnswer RefundWith(const RpcOptions& as) { return Call(kRefund, Refund(), as); }

  void ExpectNoGood(const std::string& token) {
    ExpectRefused(RefundWith(victim().WithToken(token)).status, UNAUTHENTICATED,
                  "CREDENTIALS_INVALID");
  }

  static const SigningKey& key() { return victim().key(); }
  static json Claims() { return GoodClaims("desk"); }
  static json With(const std::string& claim, const json& value) {
    json claims = Claims();
    claims[claim] = value;
    return claims;
  }
  static int64_t At(int seconds) { return absl::ToUnixSeconds(absl::Now()) + seconds; }

  // Checks that the good token works, so that refusals in the tests have the intended cause.
  void SetUp() override {
    AttackTest::SetUp();
    RefundWith(victim().WithToken(key().Sign("RS256", Claims())));
    EXPECT_EQ(Arrived(), 1) << "the good token is no good";
    AttackTest::SetUp();
  }
};

TEST_F(TokenAttacks, Attack17TokenWithAlgNone) {
  for (const char* none : {"none", "None", "nOnE", ""}) {
    const json header = {{"alg", none}, {"kid", key().kid()}};
    ExpectNoGood(Unsigned(header, Claims()));
    const std::string good = key().Sign("RS256", Claims());
    ExpectNoGood(Unsigned(header, Claims(), good.substr(good.rfind('.') + 1)));
  }
}

TEST_F(TokenAttacks, Attack18TokenSignedWithThePublicKeyAsASecret) {
  for (const std::string& secret :
       {key().Pem(), key().Jwk().dump(), key().Jwk()["n"].get<std::string>()}) {
    ExpectNoGood(SignHmac(secret, {{"alg", "HS256"}, {"kid", key().kid()}}, Claims()));
    ExpectNoGood(SignHmac(secret, {{"alg", "RS256"}, {"kid", key().kid()}}, Claims()));
  }
}

TEST_F(TokenAttacks, Attack19TokenSignedByAStrangerUnderOurKid) {
  const SigningKey stranger = SigningKey::Rsa(key().kid());
  ExpectNoGood(stranger.Sign("RS256", Claims()));
  ExpectNoGood(SigningKey::Ec(key().kid()).Sign("ES256", Claims()));
}

TEST_F(TokenAttacks, Attack20TokenThatBringsItsOwnKey) {
  const SigningKey stranger = SigningKey::Rsa("mine");
  ExpectNoGood(stranger.Sign("RS256", Claims(), {{"jwk", stranger.Jwk()}}));
  ExpectNoGood(stranger.Sign("RS256", Claims(), {{"kid", key().kid()}, {"jwk", stranger.Jwk()}}));
  ExpectNoGood(stranger.Sign("RS256", Claims(), {{"jku", victim().upstream().Url("/jwks")}}));
  ExpectNoGood(stranger.Sign("RS256", Claims(), {{"x5u", victim().upstream().Url("/x")}}));
  ExpectNoGood(stranger.Sign("RS256", Claims(), {{"kid", "../../etc/passwd"}}));
}

TEST_F(TokenAttacks, Attack21TokenWithChangedClaims) {
  const std::vector<std::string> parts =
      absl::StrSplit(key().Sign("RS256", GoodClaims("nobody")), '.');
  ExpectNoGood(absl::StrCat(parts[0], ".", Base64Url(Claims().dump()), ".", parts[2]));
  ExpectNoGood(absl::StrCat(parts[0], ".", parts[1], "=.", parts[2]));
}

TEST_F(TokenAttacks, Attack22ExpiredToken) {
  ExpectNoGood(key().Sign("RS256", With("exp", At(-31))));
  ExpectNoGood(key().Sign("RS256", With("exp", 0)));
}

TEST_F(TokenAttacks, Attack23TokenThatIsNotValidYet) {
  ExpectNoGood(key().Sign("RS256", With("nbf", At(60))));
}

TEST_F(TokenAttacks, Attack24TokenOfAnotherIssuer) {
  ExpectNoGood(key().Sign("RS256", With("iss", "https://evil.example")));
  ExpectNoGood(key().Sign("RS256", With("iss", {"issuer"})));
}

TEST_F(TokenAttacks, Attack25TokenForAnotherAudience) {
  ExpectNoGood(key().Sign("RS256", With("aud", "another-service")));
  ExpectNoGood(key().Sign("RS256", With("aud", json::array())));
}

TEST_F(TokenAttacks, Attack26TokenWithoutExpiry) {
  json claims = Claims();
  claims.erase("exp");
  ExpectNoGood(key().Sign("RS256", claims));
  ExpectNoGood(key().Sign("RS256", With("exp", "tomorrow")));
}

TEST_F(TokenAttacks, Attack27TwoTokensOneOfThemGood) {
  const std::string good = key().Sign("RS256", Claims());
  RpcOptions twice = victim().WithToken(good);
  twice.metadata.emplace("authorization", "Bearer x");
  ExpectRefused(RefundWith(twice).status, UNAUTHENTICATED, "CREDENTIALS_INVALID");
  RpcOptions joined = victim().WithToken(absl::StrCat(good, ", Bearer x"));
  ExpectRefused(RefundWith(joined).status, UNAUTHENTICATED, "CREDENTIALS_INVALID");
}

TEST_F(TokenAttacks, Attack28BadTokenBesideAGoodCertificate) {
  for (const char* text : {"Bearer x", "Bearer ", "Basic eDp4", ""}) {
    RpcOptions root = victim().Root();
    root.metadata = {{"authorization", text}};
    ExpectRefused(Call(kGetOrders, "{}", root).status, UNAUTHENTICATED, "CREDENTIALS_INVALID");
  }
}

// The token library would end the process on such a token, so the gateway itself checks for padding
// first.
TEST_F(TokenAttacks, Attack57TokenWithPaddingWhereThereIsNone) {
  ExpectNoGood("eyJhbGciOiAiU=lMyNTYiLCAia2lkIjogIjIifQ.eyJpc3MiOihwIn0.AAAAAAAA");
  const std::string good = key().Sign("RS256", Claims());
  for (size_t at = 0; at < good.size(); at += 7) {
    std::string token = good;
    token[at] = '=';
    ExpectNoGood(token);
  }
}

}  // namespace
}  // namespace gateway::security
