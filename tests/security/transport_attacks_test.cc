// Attacks on the connection, and on the services beside the calls (health, reflection, channelz).
#include <openssl/ssl.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/security/raw_tcp.h"
#include "tests/security/victim.h"

namespace gateway::security {
namespace {

using nlohmann::json;
using enum grpc::StatusCode;

class TransportAttacks : public AttackTest {
 protected:
  static grpc::Status Get(const RpcOptions& as) { return Call(kGetOrders, "{}", as).status; }
  static grpc::Status GetAs(const Authority::Options& certificate) {
    const Identity identity = victim().clients().Issue(certificate);
    return Get(victim().As(&identity));
  }
};

TEST_F(TransportAttacks, Attack01PlainTextToTheTLSPort) { ExpectNoConnection(Get(RpcOptions{})); }

TEST_F(TransportAttacks, Attack02NoCertificate) { ExpectNoConnection(Get(victim().As(nullptr))); }

TEST_F(TransportAttacks, Attack03CertificateOfAnotherAuthority) {
  Authority forger("clients");
  const Identity forged = forger.Issue({.names = "URI:spiffe://example/root"});
  ExpectNoConnection(Get(victim().As(&forged)));
  const Identity servers = victim().servers().Issue({.names = "URI:spiffe://example/root"});
  ExpectNoConnection(Get(victim().As(&servers)));  // this authority is trusted only for servers
}

TEST_F(TransportAttacks, Attack04ExpiredCertificate) {
  ExpectNoConnection(GetAs({.names = "URI:spiffe://example/root", .valid_days = -1}));
}

TEST_F(TransportAttacks, Attack05CertificateThatIsNotValidYet) {
  ExpectNoConnection(
      GetAs({.names = "URI:spiffe://example/root", .valid_days = 3, .valid_since_days = -1}));
}

TEST_F(TransportAttacks, Attack06CertificateWithAnotherName) {
  for (const char* name : {"URI:spiffe://example/roo", "URI:spiffe://example/root/x", "DNS:root"}) {
    ExpectRefused(GetAs({.names = name}), PERMISSION_DENIED, "POLICY_METHOD");
  }
  ExpectRefused(GetAs({.names = "URI:spiffe://evil/root"}), UNAUTHENTICATED,
                "CERTIFICATE_NOT_TRUSTED");
}

TEST_F(TransportAttacks, Attack07NameInTheCommonNameAlone) {
  ExpectRefused(GetAs({.names = "", .common_name = "spiffe://example/root"}), UNAUTHENTICATED,
                "CREDENTIALS_MISSING");
  ExpectRefused(GetAs({.names = "email:root@example", .common_name = "root"}), UNAUTHENTICATED,
                "CREDENTIALS_MISSING");
}

TEST_F(TransportAttacks, Attack08TwoSPIFFEIDsOneOfThemAllowed) {
  ExpectRefused(GetAs({.names = "URI:spiffe://example/x,URI:spiffe://example/root"}),
                UNAUTHENTICATED, "CREDENTIALS_MISSING");
}

TEST_F(TransportAttacks, Attack09SPIFFEIDAsADNSName) {
  ExpectRefused(GetAs({.names = "DNS:spiffe\\://example/root"}), PERMISSION_DENIED,
                "POLICY_METHOD");
}

TEST_F(TransportAttacks, Attack10DowngradeToTLS11) {
  const Identity root = victim().clients().Issue({.names = "URI:spiffe://example/root"});
  EXPECT_FALSE(Handshakes(victim().port(), TLS1_VERSION, root));
  EXPECT_FALSE(Handshakes(victim().port(), TLS1_1_VERSION, root));
  EXPECT_TRUE(Handshakes(victim().port(), TLS1_2_VERSION, root));
  Saw("1.0 and 1.1 refused, 1.2 not");
}

TEST_F(TransportAttacks, Attack11RevokedByThePolicyWhileConnected) {
  RpcOptions shop = victim().Shop();
  EXPECT_TRUE(Get(shop).ok());
  const int arrived = Arrived();
  const json rule = victim().policy()["rules"]["shop"];
  victim().policy()["rules"].erase("shop");
  victim().ApplyPolicy();
  const grpc::Status refused = Get(shop);  // on the connection that was allowed before
  EXPECT_EQ(refused.error_code(), PERMISSION_DENIED);
  EXPECT_EQ(InfoOf(refused).reason(), "POLICY_METHOD");
  EXPECT_EQ(Arrived(), arrived);
  victim().policy()["rules"]["shop"] = rule;
  victim().ApplyPolicy();
  Saw("refused at the next call");
}

TEST_F(TransportAttacks, Attack12PlainTextOnAPublicAddressUnasked) {
  TempDir directory;
  const json config = {{"listen", "0.0.0.0:0"},
                       {"upstreams",
                        {{"paynow",
                          {{"base_url", "http://127.0.0.1:1"},
                           {"api_key", {{"file", directory.Write("key", kMarker)}}}}}}}};
  const Ended ended =
      RunProgram({GATEWAY, "--config", directory.Write("gateway.json", config.dump())});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(ended.err, "listen: calls would cross the network in plain text"))
      << ended.err;
  Saw("does not start");
}

TEST_F(TransportAttacks, Attack13BillingCallsOnTheHealthPort) {
  EXPECT_TRUE(StatusOf(victim().health_address(), "grpc.health.v1.Health/Check").ok());
  for (const char* method : {kGetOrders, kRefund, kReflection, kChannelz,
                             "gateway.webhooks.v1.WebhookService/ParseEvent"}) {
    EXPECT_EQ(StatusOf(victim().health_address(), method).error_code(), UNIMPLEMENTED) << method;
  }
  EXPECT_EQ(Arrived(), 0);
  Saw("UNIMPLEMENTED");
}

TEST_F(TransportAttacks, Attack14ManySilentConnections) {
  std::vector<int> sockets;
  for (int i = 0; i < 200; ++i) {
    sockets.push_back(Connect(victim().port()));
    const char hello[] = {'\x16', '\x03', '\x01'};  // a TLS record begins, and nothing follows
    if (i % 2 == 0) {
      EXPECT_EQ(write(sockets.back(), hello, sizeof(hello)), 3);
    }
  }
  RpcOptions shop = victim().Shop();
  shop.channel = nullptr;  // a new connection, beside the silent ones
  EXPECT_TRUE(Get(shop).ok());
  for (const int fd : sockets) close(fd);
  Saw("others are served");
}

TEST_F(TransportAttacks, Attack15ReflectionAgainstThePolicy) {
  EXPECT_EQ(StatusOf(victim().address(), kReflection, "", victim().Shop()).error_code(),
            PERMISSION_DENIED);
  EXPECT_EQ(StatusOf(victim().address(), kReflection, "", victim().As(nullptr)).error_code(),
            UNAVAILABLE);
  Saw("PERMISSION_DENIED");
}

TEST_F(TransportAttacks, Attack16ChannelzAgainstThePolicy) {
  for (const char* method : {"GetTopChannels", "GetServers", "GetServer", "GetServerSockets",
                             "GetChannel", "GetSubchannel", "GetSocket"}) {
    const std::string path = absl::StrCat("grpc.channelz.v1.Channelz/", method);
    EXPECT_EQ(StatusOf(victim().address(), path, "", victim().Shop()).error_code(),
              PERMISSION_DENIED)
        << method;
  }
  EXPECT_TRUE(StatusOf(victim().address(), kChannelz, "", victim().Root()).ok());
  Saw("PERMISSION_DENIED");
}

}  // namespace
}  // namespace gateway::security
