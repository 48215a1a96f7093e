#include "service/authorization/peer_certificates.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "tests/service/authority.h"

namespace gateway::authorization {
namespace {

class PeerCertificatesTest : public testing::Test {
 protected:
  Authority clients_{"clients"};
  Authority others_{"others"};
  PeerCertificates certificates_;
};

TEST_F(PeerCertificatesTest, TrustsNobodyAtFirst) {
  EXPECT_FALSE(certificates_.Find(clients_.Issue({}).certificate, "")->trusted);
}

TEST_F(PeerCertificatesTest, TellsWhoseItIsAndWhenItEnds) {
  certificates_.SetAuthorities({.all = clients_.certificate(), .of_domains = {}});
  const auto found = certificates_.Find(
      clients_.Issue({.common_name = "shop", .valid_days = 0, .valid_seconds = 100}).certificate,
      "");
  EXPECT_TRUE(found->trusted);
  EXPECT_GT(found->ends, absl::Now() + absl::Seconds(90));
  EXPECT_LE(found->ends, absl::Now() + absl::Seconds(100));
  EXPECT_EQ(found->subject, "CN=shop");
  EXPECT_EQ(found->issuer, "CN=clients");
  EXPECT_NE(found->serial, "");
  EXPECT_FALSE(found->domains);
  EXPECT_TRUE(found->MaySpeakFor("spiffe://any/shop"));
}

TEST_F(PeerCertificatesTest, EndsWithTheAuthority) {
  certificates_.SetAuthorities({.all = clients_.certificate(), .of_domains = {}});  // for one day
  const auto found = certificates_.Find(clients_.Issue({.valid_days = 30}).certificate, "");
  EXPECT_TRUE(found->trusted);
  EXPECT_LE(found->ends, absl::Now() + absl::Hours(24));
}

// Find() accepts an expired certificate: the caller must compare `ends` with the clock.
TEST_F(PeerCertificatesTest, SaysOfAnExpiredOneWhenItEnded) {
  certificates_.SetAuthorities({.all = clients_.certificate(), .of_domains = {}});
  const auto found = certificates_.Find(clients_.Issue({.valid_days = -1}).certificate, "");
  EXPECT_TRUE(found->trusted);
  EXPECT_LT(found->ends, absl::Now());
}

TEST_F(PeerCertificatesTest, ForgetsThoseOfAWithdrawnAuthority) {
  certificates_.SetAuthorities(
      {.all = clients_.certificate() + others_.certificate(), .of_domains = {}});
  const Identity ours = clients_.Issue({});
  const Identity others = others_.Issue({});
  EXPECT_TRUE(certificates_.Find(ours.certificate, "")->trusted);
  EXPECT_TRUE(certificates_.Find(others.certificate, "")->trusted);
  certificates_.SetAuthorities({.all = others_.certificate(), .of_domains = {}});
  EXPECT_FALSE(certificates_.Find(ours.certificate, "")->trusted);
  EXPECT_TRUE(certificates_.Find(others.certificate, "")->trusted);
}

TEST_F(PeerCertificatesTest, BindsTrustDomainsToTheirAuthorities) {
  certificates_.SetAuthorities(
      {.all = clients_.certificate() + others_.certificate(),
       .of_domains = {{"ours", clients_.certificate()},
                      {"theirs", others_.certificate()},
                      {"both", clients_.certificate() + others_.certificate()}}});
  const auto ours = certificates_.Find(clients_.Issue({}).certificate, "");
  EXPECT_TRUE(ours->trusted);
  EXPECT_TRUE(ours->MaySpeakFor("spiffe://ours/ns/shop"));
  EXPECT_TRUE(ours->MaySpeakFor("spiffe://ours"));
  EXPECT_TRUE(ours->MaySpeakFor("spiffe://both/x"));
  for (const char* const other : {"spiffe://theirs/ns/shop", "spiffe://unknown/x", "spiffe://our/s",
                                  "spiffe://ours.example/x", "spiffe:///ours", "spiffe://", ""}) {
    EXPECT_FALSE(ours->MaySpeakFor(other)) << other;
  }
  const auto theirs = certificates_.Find(others_.Issue({}).certificate, "");
  EXPECT_TRUE(theirs->MaySpeakFor("spiffe://theirs/x"));
  EXPECT_FALSE(theirs->MaySpeakFor("spiffe://ours/x"));
}

TEST_F(PeerCertificatesTest, RemembersWhatItHasVerified) {
  certificates_.SetAuthorities({.all = clients_.certificate(), .of_domains = {}});
  const Identity identity = clients_.Issue({});
  EXPECT_EQ(certificates_.Find(identity.certificate, ""),
            certificates_.Find(identity.certificate, ""));
  EXPECT_NE(certificates_.Find(identity.certificate, ""),
            certificates_.Find(identity.certificate, clients_.certificate()));
}

TEST_F(PeerCertificatesTest, TrustsNothingThatIsNoCertificate) {
  certificates_.SetAuthorities({.all = clients_.certificate(), .of_domains = {}});
  for (const char* bad : {"x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    EXPECT_FALSE(certificates_.Find(bad, "")->trusted);
  }
}

}  // namespace
}  // namespace gateway::authorization
