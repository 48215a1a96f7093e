#include "service/config/authorization_config.h"

namespace gateway::authorization {
namespace {

using Section = ConfigReader::Section;

JwtConfig ReadJwt(Section& authorization) {
  Section section = authorization.Child("jwt", "Tokens in the metadata `authorization: Bearer`.");
  JwtConfig jwt;
  section.Read("jwks_file", "JSON Web Key Set with the issuer's public keys.", jwt.jwks_file);
  section.Read("issuer", "What the claim `iss` must be.", jwt.issuer);
  section.Read("audience", "What the claim `aud` must be or contain.", jwt.audience);
  section.Read("leeway", "How far the issuer's clock may be from ours.", jwt.leeway);
  if (jwt.leeway > absl::Minutes(5)) section.Fail("leeway", "must be at most 5m");
  section.Read("max_life", "A token that is good for longer than that from now is refused.",
               jwt.max_life, absl::Minutes(1));
  if (!section.present()) return jwt;
  if (jwt.jwks_file.empty()) section.Fail("jwks_file", "is required");
  if (jwt.issuer.empty()) section.Fail("issuer", "is required");
  if (jwt.audience.empty()) section.Fail("audience", "is required");
  return jwt;
}

}  // namespace

Config ReadConfig(Section& root) {
  Section section = root.Child(
      "authorization",
      {"Who may call what. The files are read again when they change.", ReloadRule::kSamePresence});
  Config config;
  section.Read("policy_file",
               "The rules; with them, what no rule allows is refused. Empty: every caller may do "
               "everything.",
               config.policy_file);
  config.jwt = ReadJwt(section);
  if (section.present() && config.policy_file.empty()) {
    section.Fail("policy_file", "is required: without rules, nobody would be refused");
  }
  return config;
}

}  // namespace gateway::authorization
