#include "upstream/http/authorities.h"

#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <string>

#include "tests/upstream/http/test_certificate.h"

namespace gateway::http {
namespace {

int CountOf(const Authorities::Store& store) {
  STACK_OF(X509)* const all = X509_STORE_get1_all_certs(store.get());
  const int count = sk_X509_num(all);
  sk_X509_pop_free(all, X509_free);
  return count;
}

TEST(AuthoritiesTest, AreReadOnce) {
  const TestCertificate certificate;
  Authorities authorities(certificate.authority());
  const Authorities::Store store = authorities.Get();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(authorities.Get(), store);
}

TEST(AuthoritiesTest, AreAllThatTheTextHas) {
  const TestCertificate one;
  const TestCertificate other;
  EXPECT_EQ(CountOf(Authorities(one.authority()).Get()), 1);
  EXPECT_EQ(CountOf(Authorities(one.authority() + "and\n" + other.authority()).Get()), 2);
}

TEST(AuthoritiesTest, AreNotHalfOfThem) {
  const TestCertificate certificate;
  const std::string& good = certificate.authority();
  std::string bad = good;
  bad[bad.size() / 2] = '!';
  for (const std::string& text : {std::string("no certificate"), bad, good + bad, bad + good}) {
    EXPECT_EQ(Authorities(text).Get(), nullptr) << text;
  }
}

TEST(AuthoritiesTest, AreTheSystemsWhereNoneAreNamed) {
  Authorities authorities("");
  const Authorities::Store store = authorities.Get();
  ASSERT_NE(store, nullptr);
  EXPECT_GT(CountOf(store), 50);
  EXPECT_EQ(authorities.Get(), store);
}

}  // namespace
}  // namespace gateway::http
