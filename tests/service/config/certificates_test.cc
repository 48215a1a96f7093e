// The expiry of certificates in a file, and which files are checked.
#include "service/config/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "service/gateway.h"
#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

// Returns a self-signed certificate in PEM that expires at `end`.
std::string CertificateUntil(absl::Time end) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), 0);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(end));
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const std::unique_ptr<BIO, void (*)(BIO*)> bio(BIO_new(BIO_s_mem()),
                                                 [](BIO* bio) { BIO_free(bio); });
  EXPECT_EQ(PEM_write_bio_X509(bio.get(), certificate.get()), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

const absl::Time kSoon = absl::FromUnixSeconds(1800000000);
const absl::Time kLater = absl::FromUnixSeconds(4000000000);

constexpr auto kChain = CertificateKind::kChain;
constexpr auto kAuthorities = CertificateKind::kAuthorities;

TEST(ExpiryTest, IsThatOfTheFirstOfAChainAndTheLastAuthority) {
  const std::string soon = CertificateUntil(kSoon);
  const std::string later = CertificateUntil(kLater);
  EXPECT_EQ(ExpiryOf(kChain, soon), kSoon);
  EXPECT_EQ(ExpiryOf(kAuthorities, soon), kSoon);
  for (const std::string& both : {later + soon, absl::StrCat(soon, "# a comment\n", later)}) {
    EXPECT_EQ(ExpiryOf(kChain, both), kSoon);
    EXPECT_EQ(ExpiryOf(kAuthorities, both), kLater);
  }
}

TEST(ExpiryTest, IsNotKnownWhereSomethingCannotBeRead) {
  const std::string good = CertificateUntil(kSoon);
  EXPECT_EQ(ExpiryOf(kChain, ""), std::nullopt);
  EXPECT_EQ(ExpiryOf(kChain, "no certificate"), std::nullopt);
  EXPECT_EQ(ExpiryOf(kChain, good.substr(0, good.size() / 2)), std::nullopt);
  EXPECT_EQ(ExpiryOf(kChain, good + good.substr(0, good.size() / 2)), std::nullopt);
  EXPECT_EQ(ExpiryOf(kChain, good), kSoon);  // an earlier error has no effect
}

TEST(CertificateFilesTest, AreThoseOfTheConfiguration) {
  Config config;
  config.upstreams["a"].tls.ca_file = "/a";
  config.upstreams["b"];
  EXPECT_EQ(CertificateFiles(config).size(), 1u);
  config.server.tls.certificate_file = "/server";
  config.server.tls.client_ca_file = "/clients";
  const std::vector<CertificateFile> files = CertificateFiles(config);
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].role, "server");
  EXPECT_EQ(files[0].kind, kChain);
  EXPECT_EQ(files[0].file, "/server");
  EXPECT_EQ(files[1].role, "client_ca");
  EXPECT_EQ(files[1].kind, kAuthorities);
  EXPECT_EQ(files[1].file, "/clients");
  EXPECT_EQ(files[2].role, "upstream_ca");
  EXPECT_EQ(files[2].kind, kAuthorities);
  EXPECT_EQ(files[2].label, "upstream");
  EXPECT_EQ(files[2].name, "a");
  EXPECT_EQ(files[2].file, "/a");
}

TEST(CertificateFilesTest, ShowInTheMetricsAsTheyAreNow) {
  const TempDir directory;
  Config config;
  config.listen = "127.0.0.1:0";
  UpstreamConfig& upstream = config.upstreams["paynow"];
  upstream.options.base_url = "http://127.0.0.1:1";
  upstream.api_key.file = directory.Write("key", "secret\n");
  upstream.tls.ca_file = directory.Write("ca.pem", CertificateUntil(kSoon));
  const auto gateway = Gateway::Create(config);
  ASSERT_TRUE(gateway.ok()) << gateway.status();
  const std::string series =
      R"(gateway_certificate_expiry_timestamp_seconds{role="upstream_ca",upstream="paynow"} )";
  EXPECT_THAT((*gateway)->MetricsText(), HasSubstr(absl::StrCat(series, "1800000000\n")));
  directory.Write("ca.pem", CertificateUntil(kLater));
  EXPECT_THAT((*gateway)->MetricsText(), HasSubstr(absl::StrCat(series, "4000000000\n")));
  directory.Write("ca.pem", "");
  EXPECT_THAT((*gateway)->MetricsText(), Not(HasSubstr(series)));
}

}  // namespace
}  // namespace gateway
