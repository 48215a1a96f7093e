// Attacks with certificates that have expired, with resumed TLS sessions, and with names of another
// authority's trust domain.
#include <openssl/ssl.h>

#include "absl/time/clock.h"
#include "tests/security/raw_tcp.h"
#include "tests/security/victim.h"

namespace gateway::security {
namespace {

using enum grpc::StatusCode;

constexpr absl::Duration kPatience = absl::Seconds(20);

class CertificateAttacks : public AttackTest {};

TEST_F(CertificateAttacks, Attack59AConnectionThatOutlivesItsCertificate) {
  constexpr char kHealth[] = "grpc.health.v1.Health/Check";
  const Identity brief = victim().clients().Issue(
      {.names = "URI:spiffe://example/root", .valid_days = 0, .valid_seconds = 3});
  RpcOptions as = victim().As(&brief);
  as.channel = OwnChannel(victim().address(), as.credentials);
  EXPECT_TRUE(Call(kGetOrders, "{}", as).status.ok());
  const absl::Time end = absl::Now() + kPatience;
  while (Call(kGetOrders, "{}", as).status.ok() && absl::Now() < end) {
  }
  AttackTest::SetUp();
  ExpectRefused(Call(kGetOrders, "{}", as).status, UNAUTHENTICATED, "CERTIFICATE_EXPIRED");
  for (const char* method : {kReflection, kHealth}) {
    EXPECT_EQ(StatusOf(victim().address(), method, "", as).error_code(), UNAUTHENTICATED) << method;
  }
}

TEST_F(CertificateAttacks, Attack60ASessionOfTLSResumed) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_FALSE(Resumes(victim().port(), version, victim().shop())) << version;
  }
  Saw("a full handshake each time");
}

// Two authorities may sign callers' certificates, each only for names of its own trust domain.
TEST_F(CertificateAttacks, Attack77ANameOfAnotherAuthoritysTrustDomain) {
  const Identity forged = victim().partners().Issue({.names = "URI:spiffe://example/root"});
  RpcOptions as = victim().As(&forged);
  as.channel = OwnChannel(victim().address(), as.credentials);
  ExpectRefused(Call(kGetOrders, "{}", as).status, UNAUTHENTICATED, "CERTIFICATE_NOT_TRUSTED");
  EXPECT_EQ(StatusOf(victim().address(), kReflection, "", as).error_code(), UNAUTHENTICATED);
  const Identity own = victim().partners().Issue({.names = "URI:spiffe://partner/root"});
  as = victim().As(&own);
  as.channel = OwnChannel(victim().address(), as.credentials);
  EXPECT_EQ(InfoOf(Call(kGetOrders, "{}", as).status).reason(), "POLICY_METHOD");
}

}  // namespace
}  // namespace gateway::security
