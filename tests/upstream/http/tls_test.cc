// TLS and HTTP/2: who is trusted, how streams share connections, how calls end.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/upstream/http/http2_server.h"
#include "tests/upstream/http/transport_test_util.h"

namespace gateway::http {
namespace {

Options Trusting(const TestCertificate& certificate) {
  Options options;
  options.ca_file = certificate.ca_file();
  return options;
}

std::vector<Awaited> StartMany(Transport& transport, const std::string& url, int count) {
  std::vector<Awaited> calls;
  for (int i = 0; i < count; ++i) calls.push_back(Start(transport, Get(url)));
  return calls;
}

TEST(TlsTest, TrustsTheConfiguredAuthority) {
  TestCertificate certificate;
  Http2Server server(certificate, {{Treatment::kReply}});
  auto transport = MakeTransport(Trusting(certificate));
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("localhost")))), "200 connection 0");
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("127.0.0.1")))), "200 connection 1");
}

TEST(TlsTest, RefusesAnUnknownAuthority) {
  TestCertificate certificate;
  TestCertificate other;
  Http2Server server(certificate, {{Treatment::kReply}});
  EXPECT_EQ(Summary(Call(*MakeTransport(), Post(server.Url(), "{}"))), "tls, not sent");
  EXPECT_EQ(Summary(Call(*MakeTransport(Trusting(other)), Post(server.Url(), "{}"))),
            "tls, not sent");
  EXPECT_EQ(server.executions(), 0);
}

TEST(TlsTest, RefusesACertificateOfAnotherName) {
  TestCertificate certificate({.subject_alternative_name = "DNS:other.example"});
  Http2Server server(certificate, {{Treatment::kReply}});
  const Awaited call =
      Call(*MakeTransport(Trusting(certificate)), Post(server.Url("localhost"), "{}"));
  EXPECT_EQ(Summary(call), "tls, not sent");
  EXPECT_EQ(server.executions(), 0);
}

TEST(TlsTest, RefusesAnExpiredCertificate) {
  TestCertificate certificate({.valid_days = -1});
  Http2Server server(certificate, {{Treatment::kReply}});
  EXPECT_EQ(Summary(Call(*MakeTransport(Trusting(certificate)), Post(server.Url(), "{}"))),
            "tls, not sent");
  EXPECT_EQ(server.executions(), 0);
}

TEST(TlsTest, AnEmptyAuthorityFileTrustsNobody) {
  TestCertificate certificate;
  Http2Server server(certificate, {{Treatment::kReply}});
  Options options;
  options.ca_file = "/dev/null";
  EXPECT_EQ(Summary(Call(*MakeTransport(options), Post(server.Url(), "{}"))), "tls, not sent");
}

TEST(Http2Test, SharesOneConnection) {
  TestCertificate certificate;
  Http2Server server(certificate, {{Treatment::kHoldReply}});
  Options options = Trusting(certificate);
  options.max_connections = 30;
  auto transport = MakeTransport(options);
  const std::vector<Awaited> calls = StartMany(*transport, server.Url(), 30);
  ASSERT_TRUE(server.WaitForExecutions(30));
  server.Release();
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "200 connection 0");
  EXPECT_EQ(server.connections(), 1);
}

TEST(Http2Test, KeepsToItsStreamsAndQueuesTheRest) {
  TestCertificate certificate;
  Http2Server server(certificate,
                     {{Treatment::kReply, Treatment::kHoldReply}, {Treatment::kHoldReply}});
  Options options = Trusting(certificate);
  options.max_connections = 2;
  options.max_streams_per_connection = 5;
  options.max_queued = 10;
  auto transport = MakeTransport(options);
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url()))), "200 connection 0");
  const std::vector<Awaited> calls = StartMany(*transport, server.Url(), 20);
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url()))), "overloaded, not sent");
  ASSERT_TRUE(server.WaitForExecutions(11));
  EXPECT_EQ(transport->Snapshot().in_flight, 10);
  EXPECT_EQ(transport->Snapshot().queued, 10);
  server.Release();
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call).substr(0, 14), "200 connection");
  EXPECT_LE(server.connections(), 2);
}

TEST(Http2Test, WaitsForTheStreamsThatTheServerAllows) {
  TestCertificate certificate;
  Http2Server server(certificate, {{Treatment::kReply}}, {.max_concurrent_streams = 1});
  Options options = Trusting(certificate);
  options.max_connections = 2;
  auto transport = MakeTransport(options);
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url()))), "200 connection 0");
  const std::vector<Awaited> calls = StartMany(*transport, server.Url(), 100);
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call).substr(0, 14), "200 connection");
  EXPECT_EQ(server.executions(), 101);
  EXPECT_LE(server.connections(), 2);
}

// A client that only stops to listen would leave the server at work.
TEST(Http2Test, CancelResetsTheStreamOfASharedConnectionAtOnce) {
  TestCertificate certificate;
  Http2Server server(certificate, {{Treatment::kHoldReply}});
  auto transport = MakeTransport(Trusting(certificate));
  const Awaited other = Start(*transport, Get(server.Url()));
  ASSERT_TRUE(server.WaitForExecutions(1));
  std::vector<absl::Duration> times;
  for (int i = 1; i <= 21; ++i) {
    Awaited call;
    const Transport::CallId id = transport->Send(Get(server.Url()), call.Done());
    ASSERT_TRUE(server.WaitForExecutions(1 + i));
    const absl::Time start = absl::Now();
    transport->Cancel(id);
    EXPECT_EQ(Summary(call), "cancelled, sent");
    ASSERT_TRUE(server.WaitForClientResets(i));
    times.push_back(absl::Now() - start);
  }
  EXPECT_LT(MedianOf(times), absl::Milliseconds(10));
  server.Release();
  EXPECT_EQ(Summary(other), "200 connection 0");
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url()))), "200 connection 0");
}

TEST(Http2Test, CancelClosesAConnectionOfItsOwnAtOnce) {
  TestCertificate certificate;
  Http2Server server(certificate, {{Treatment::kHoldReply}});
  auto transport = MakeTransport(Trusting(certificate));
  std::vector<absl::Duration> times;
  for (int i = 1; i <= 21; ++i) {
    Awaited call;
    const Transport::CallId id = transport->Send(Get(server.Url()), call.Done());
    ASSERT_TRUE(server.WaitForExecutions(i));
    const absl::Time start = absl::Now();
    transport->Cancel(id);
    EXPECT_EQ(Summary(call), "cancelled, sent");
    ASSERT_TRUE(server.WaitForClientCloses(i));
    times.push_back(absl::Now() - start);
  }
  EXPECT_LT(MedianOf(times), absl::Milliseconds(10));
}

TEST(Http2Test, ADeadlineResetsTheStreamOfASharedConnection) {
  TestCertificate certificate;
  Http2Server server(certificate, {{Treatment::kHoldReply}});
  auto transport = MakeTransport(Trusting(certificate));
  const Awaited other = Start(*transport, Get(server.Url()));
  ASSERT_TRUE(server.WaitForExecutions(1));
  const Awaited call = Call(*transport, WithDeadline(Get(server.Url()), absl::Milliseconds(300)));
  EXPECT_EQ(Summary(call), "deadline, sent");
  EXPECT_TRUE(server.WaitForClientResets(1));
  server.Release();
  EXPECT_EQ(Summary(other), "200 connection 0");
}

TEST(Http2Test, MovesToANewConnectionAtItsAgeThoughTheOldOneIsNeverIdle) {
  TestCertificate certificate;
  Http2Server server(certificate, {{Treatment::kReply, Treatment::kHoldReply, Treatment::kReply},
                                   {Treatment::kReply}});
  Options options = Trusting(certificate);
  options.max_connection_age = absl::Seconds(1);
  auto transport = MakeTransport(options);
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url()))), "200 connection 0");
  const Awaited held = Start(*transport, Get(server.Url()));  // keeps connection 0 in use
  ASSERT_TRUE(server.WaitForExecutions(2));
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url()))), "200 connection 0");
  absl::SleepFor(absl::Milliseconds(1100));
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url()))), "200 connection 1");
  EXPECT_FALSE(held.IsOver());
  server.Release();
  EXPECT_EQ(Summary(held), "200 connection 0");
}

TEST(Http2Test, EndsOpenStreamsAtShutdown) {
  TestCertificate certificate;
  Http2Server server(certificate, {{Treatment::kHoldReply}});
  auto transport = MakeTransport(Trusting(certificate));
  const std::vector<Awaited> calls = StartMany(*transport, server.Url(), 10);
  ASSERT_TRUE(server.WaitForExecutions(10));
  transport.reset();
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "shutdown, sent");
}

}  // namespace
}  // namespace gateway::http
