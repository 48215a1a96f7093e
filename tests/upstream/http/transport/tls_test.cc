// TLS: which peers are trusted, and TLS records that carry no HTTP.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <ctime>
#include <string>

#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

Listen With(const TestCertificate& certificate) { return {.certificate = &certificate}; }

Options Trusting(const TestCertificate& certificate) {
  Options options;
  options.tls.authorities = certificate.authority();
  return options;
}

std::string WriteTo(const ScriptedServer& server, const Options& options) {
  auto transport = MakeTransport(server, options);
  return Summary(Call(*transport, Post(server.Url("/"), "{}")));
}

TEST(TlsTest, TrustsTheConfiguredAuthority) {
  const TestCertificate certificate;
  ScriptedServer server({{Step::Reply("ok")}}, With(certificate));
  EXPECT_EQ(WriteTo(server, Trusting(certificate)), "200 ok");
}

TEST(TlsTest, RefusesAnUnknownAuthority) {
  const TestCertificate certificate;
  const TestCertificate other;
  ScriptedServer server({{Step::Reply("ok")}}, With(certificate));
  EXPECT_EQ(WriteTo(server, {}), "tls, not sent");
  EXPECT_EQ(WriteTo(server, Trusting(other)), "tls, not sent");
  EXPECT_EQ(server.executions(), 0);
}

TEST(TlsTest, RefusesACertificateOfAnotherName) {
  const TestCertificate certificate({.subject_alternative_name = "DNS:other.example"});
  ScriptedServer server({{Step::Reply("ok")}}, With(certificate));
  EXPECT_EQ(WriteTo(server, Trusting(certificate)), "tls, not sent");
  EXPECT_EQ(server.executions(), 0);
}

TEST(TlsTest, RefusesAnExpiredCertificate) {
  const TestCertificate certificate({.valid_days = -1});
  ScriptedServer server({{Step::Reply("ok")}}, With(certificate));
  EXPECT_EQ(WriteTo(server, Trusting(certificate)), "tls, not sent");
  EXPECT_EQ(server.executions(), 0);
}

TEST(TlsTest, AuthoritiesThatAreNoneTrustNobody) {
  const TestCertificate certificate;
  ScriptedServer server({{Step::Reply("ok")}}, With(certificate));
  Options options;
  options.tls.authorities = "no certificate at all\n";
  EXPECT_EQ(WriteTo(server, options), "tls, not sent");
  EXPECT_EQ(server.executions(), 0);
}

TEST(TlsTest, ProvesItsIdentityWhereTheServerAsks) {
  const TestCertificate certificate;
  const TestCertificate ours;
  const TestCertificate other;
  ScriptedServer server({{Step::Reply("ok")}}, {.certificate = &certificate, .clients = &ours});
  Options options = Trusting(certificate);
  // In TLS 1.3 a client learns of a refused certificate after the handshake, so the request may
  // already be sent.
  EXPECT_NE(WriteTo(server, options), "200 ok");
  options.tls.certificate = other.certificate();
  options.tls.key = other.key();
  EXPECT_NE(WriteTo(server, options), "200 ok");
  EXPECT_EQ(server.executions(), 0);
  options.tls.certificate = ours.certificate();
  options.tls.key = ours.key();
  EXPECT_EQ(WriteTo(server, options), "200 ok");
  // A key that does not match the certificate is detected before connecting.
  options.tls.key = other.key();
  EXPECT_EQ(WriteTo(server, options), "tls, not sent");
}

// These records make the client's socket readable without a byte of HTTP: the connection must stay.
TEST(TlsTest, LateSessionTicketsAndKeyUpdatesKeepTheConnection) {
  const TestCertificate certificate;
  for (const Step::Tls what : {Step::Tls::kSessionTicket, Step::Tls::kKeyUpdate}) {
    Step says = Step::Raw("");
    says.read = Step::Read::kNothing;
    says.tls = what;
    Script script;
    for (int i = 0; i < 10; ++i) {
      script.push_back(Step::Reply("ok"));
      script.push_back(says);
    }
    script.push_back(Step::Reply("last"));
    ScriptedServer server({script}, With(certificate));
    auto transport = MakeTransport(server, Trusting(certificate));
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(Summary(Call(*transport, Post(server.Url("/"), "{}"))), "200 ok");
    }
    EXPECT_EQ(Summary(Call(*transport, Post(server.Url("/"), "{}"))), "200 last");
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(transport->Snapshot().connections_reused, 10);
    EXPECT_EQ(transport->Snapshot().connections_ended_idle, 0);
  }
}

// Connections of one transport resume the TLS session of earlier ones.
TEST(TlsTest, ConnectionsShareTheirSessions) {
  const TestCertificate certificate;
  ScriptedServer server({{Step::Raw(Step::Reply("ok").output, Step::End::kClose)}},
                        With(certificate));
  auto transport = MakeTransport(server, Trusting(certificate));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(Summary(Call(*transport, Post(server.Url("/"), "{}"))), "200 ok");
    ASSERT_TRUE(server.WaitForAllClosed());
  }
  EXPECT_EQ(server.connections(), 4);
  EXPECT_EQ(server.sessions_resumed(), 3);
}

// Returns the processor time of several calls, one connection each, with these trusted authorities.
double SecondsOfConnections(const ScriptedServer& server, const std::string& authorities) {
  Options options;
  options.tls.authorities = authorities;
  options.max_requests_per_connection = 1;
  auto transport = MakeTransport(server, options);
  const std::clock_t before = std::clock();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Summary(Call(*transport, Post(server.Url("/"), "{}"))), "200 ok");
  }
  return static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
}

// A system has about 140 authorities; reading them takes longer than the rest of a connection.
TEST(TlsTest, AuthoritiesAreNotReadForEachConnection) {
  const TestCertificate certificate;
  ScriptedServer server({{Step::Reply("ok")}}, With(certificate));
  std::string many = certificate.authority();
  for (int i = 0; i < 300; ++i) many += TestCertificate().authority();
  const double of_one = SecondsOfConnections(server, certificate.authority());
  EXPECT_LT(SecondsOfConnections(server, many), 4 * of_one);
}

TEST(TlsTest, TheKeysOfConnectionsAreWrittenNowhere) {
  const std::string file = testing::TempDir() + "/keys_of_connections";
  const TestCertificate certificate;
  ScriptedServer server({{Step::Reply("ok")}}, With(certificate));
  EXPECT_EQ(WriteTo(server, Trusting(certificate)), "200 ok");
  struct stat about {};
  EXPECT_NE(stat(file.c_str(), &about), 0) << "it was created";
}

}  // namespace
}  // namespace gateway::http

int main(int argc, char** argv) {
  // Set before libcurl is initialized, as an operator would set it.
  setenv("SSLKEYLOGFILE", (testing::TempDir() + "/keys_of_connections").c_str(), 1);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
