#include "upstream/http/trust_store.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "tests/upstream/http/test_certificate.h"

namespace gateway::http {
namespace {

// Returns the first certificate of a PEM text.
std::shared_ptr<X509> FirstOf(const std::string& pem) {
  BIO* const text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* const certificate = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
  BIO_free(text);
  return {certificate, X509_free};
}

bool Trusts(const TrustStore& trust, const std::string& pem) {
  const std::shared_ptr<X509_STORE> store = trust.Current();
  const std::shared_ptr<X509> certificate = FirstOf(pem);
  EXPECT_NE(certificate, nullptr);
  X509_STORE_CTX* const context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store.get(), certificate.get(), nullptr);
  const bool trusts = X509_verify_cert(context) == 1;
  X509_STORE_CTX_free(context);
  return trusts;
}

TEST(TrustStoreTest, TrustsWhatItIsGivenAndNothingElse) {
  const TestCertificate one;
  const TestCertificate two;
  const TestCertificate other;
  const TrustStore trust(one.authority() + "a comment\n" + two.authority());
  EXPECT_TRUE(Trusts(trust, one.authority()));
  EXPECT_TRUE(Trusts(trust, two.authority()));
  EXPECT_FALSE(Trusts(trust, other.authority()));
  EXPECT_FALSE(Trusts(TrustStore("nothing\n"), one.authority()));
}

// As during the rotation of an authority's key: the old and the new authority have the same name.
TEST(TrustStoreTest, FindsTheRightOneOfTwoOfTheSameName) {
  const TestCertificate one;
  const TestCertificate two;
  for (const std::string& authorities :
       {one.authority() + two.authority(), two.authority() + one.authority()}) {
    const TrustStore trust(authorities);
    EXPECT_TRUE(Trusts(trust, one.certificate()));
    EXPECT_TRUE(Trusts(trust, two.certificate()));
  }
  EXPECT_FALSE(Trusts(TrustStore(one.authority()), two.certificate()));
}

TEST(TrustStoreTest, FollowsTheSystemsFile) {
  const TestCertificate one;
  const TestCertificate two;
  const std::string file = testing::TempDir() + "/systems_authorities.pem";
  std::ofstream(file) << one.authority();
  const TrustStore trust("", file);
  EXPECT_TRUE(Trusts(trust, one.authority()));
  EXPECT_FALSE(Trusts(trust, two.authority()));
  EXPECT_EQ(trust.Current(), trust.Current()) << "read again though nothing changed";
  std::ofstream(file) << two.authority() << two.authority();
  EXPECT_FALSE(Trusts(trust, one.authority()));
  EXPECT_TRUE(Trusts(trust, two.authority()));
}

TEST(TrustStoreTest, FindsTheSystemsAuthorities) {
  std::ifstream file(TrustStore::SystemsFile());
  const std::string pem((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_FALSE(pem.empty()) << TrustStore::SystemsFile();
  const TrustStore trust("");
  // The system's certificate may have expired.
  X509_VERIFY_PARAM_set_flags(X509_STORE_get0_param(trust.Current().get()),
                              X509_V_FLAG_NO_CHECK_TIME);
  EXPECT_TRUE(Trusts(trust, pem));
  EXPECT_FALSE(Trusts(trust, TestCertificate().authority()));
}

}  // namespace
}  // namespace gateway::http
