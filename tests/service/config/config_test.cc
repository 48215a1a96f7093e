#include "service/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/service/config/minimal_config.h"
#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(ConfigTest, HasDefaultsForAllButTheUpstream) {
  const absl::StatusOr<Config> config = ParseConfig("g.json", Minimal().dump());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->file, "g.json");
  EXPECT_EQ(config->listen, "127.0.0.1:50051");
  EXPECT_EQ(config->default_deadline, absl::Seconds(30));
  EXPECT_EQ(config->max_request_bytes, 4 * 1024 * 1024);
  EXPECT_EQ(config->drain_delay, absl::ZeroDuration());
  EXPECT_EQ(config->drain_grace, absl::Seconds(25));
  ASSERT_EQ(config->upstreams.count("paynow"), 1);
  const UpstreamConfig& upstream = config->upstreams.at("paynow");
  EXPECT_EQ(upstream.options.base_url, "https://h");
  EXPECT_EQ(upstream.api_key.env, "K");
  EXPECT_TRUE(upstream.options.default_store.empty());
  EXPECT_TRUE(upstream.store_keys.empty());
  EXPECT_EQ(upstream.pool.max_connections, http::Options().max_connections);
}

TEST(ConfigTest, ReadsEveryKeyToItsPlace) {
  const absl::StatusOr<Config> config = ParseConfig("g.json", R"({
    // Comments are allowed, /* of both kinds */
    "listen": "0.0.0.0:1", "server": {"allow_plaintext": true}, "default_deadline": "7s", "max_request_bytes": 2048,
    "drain": {"delay": "3s", "grace": "4s"}, /* here too */
    "upstreams": {"paynow": {
      "base_url": "https://h/p", "default_store": "12", "ca_file": "/ca",
      "api_key": {"file": "/k"},
      "stores": {"34": {"api_key": {"env": "E"}}, "56": {"api_key": {"file": "/f"}}},
      "pool": {"event_loops": 2, "max_connections": 3, "max_requests_per_connection": 4,
               "max_queued": 5, "connect_timeout": "6s", "max_connection_age": "7s",
               "max_connection_idle": "8s", "tcp_keepalive": "9s", "max_header_bytes": 1025,
               "max_body_bytes": 1026}}}})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "0.0.0.0:1");
  EXPECT_EQ(config->default_deadline, absl::Seconds(7));
  EXPECT_EQ(config->max_request_bytes, 2048);
  EXPECT_EQ(config->drain_delay, absl::Seconds(3));
  EXPECT_EQ(config->drain_grace, absl::Seconds(4));
  const UpstreamConfig& upstream = config->upstreams.at("paynow");
  EXPECT_EQ(upstream.options.base_url, "https://h/p");
  EXPECT_EQ(upstream.options.default_store, "12");
  EXPECT_EQ(upstream.api_key.file, "/k");
  EXPECT_EQ(upstream.store_keys.at("34").env, "E");
  EXPECT_EQ(upstream.store_keys.at("56").file, "/f");
  EXPECT_EQ(upstream.tls.ca_file, "/ca");
  EXPECT_EQ(upstream.pool.event_loops, 2);
  EXPECT_EQ(upstream.pool.max_connections, 3);
  EXPECT_EQ(upstream.pool.max_requests_per_connection, 4);
  EXPECT_EQ(upstream.pool.max_queued, 5);
  EXPECT_EQ(upstream.pool.connect_timeout, absl::Seconds(6));
  EXPECT_EQ(upstream.pool.max_connection_age, absl::Seconds(7));
  EXPECT_EQ(upstream.pool.max_connection_idle, absl::Seconds(8));
  EXPECT_EQ(upstream.pool.tcp_keepalive, absl::Seconds(9));
  EXPECT_EQ(upstream.pool.max_header_bytes, 1025u);
  EXPECT_EQ(upstream.pool.max_body_bytes, 1026u);
}

TEST(ConfigTest, ReadsTheServersTls) {
  json config = With("/server/tls", {{"certificate_file", "/c"},
                                     {"key_file", "/k"},
                                     {"client_ca_file", "/a"},
                                     {"require_client_certificate", false}});
  config["server"]["health_listen"] = "0.0.0.0:2";
  config["listen"] = "0.0.0.0:1";  // with TLS, allow_plaintext is not needed
  const absl::StatusOr<Config> parsed = ParseConfig("g.json", config.dump());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const TlsConfig& tls = parsed->server.tls;
  EXPECT_EQ(tls.certificate_file, "/c");
  EXPECT_EQ(tls.key_file, "/k");
  EXPECT_EQ(tls.client_ca_file, "/a");
  EXPECT_FALSE(tls.require_client_certificate);
  EXPECT_EQ(parsed->server.health_listen, "0.0.0.0:2");
  EXPECT_THAT(Error(With("/server/tls/key_file", "/k")),
              HasSubstr("server.tls.certificate_file: is required"));
  EXPECT_THAT(Error(With("/server/tls/certificate_file", "/c")),
              HasSubstr("server.tls.key_file: is required"));
  EXPECT_THAT(Error(With("/server/tls", json::object())), HasSubstr("is required"));
}

TEST(ConfigTest, ServesPlainTextToOthersOnlyWhenToldSo) {
  for (const char* local : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1", "unix:/s"}) {
    EXPECT_EQ(Error(With("/listen", local)), "") << local;
  }
  for (const char* reachable : {"0.0.0.0:1", "[::]:1", "10.0.0.7:1", "gateway:1", "*:1", ":1",
                                "127.0.0.1.example:1", "dns:///localhost:1", "ipv4:127.0.0.1:1"}) {
    json config = With("/listen", reachable);
    EXPECT_THAT(Error(config), HasSubstr("g.json: listen: calls would cross the network in plain "))
        << reachable;
    config["server"]["allow_plaintext"] = true;
    EXPECT_EQ(Error(config), "") << reachable;
  }
}

TEST(ConfigTest, RefusesAddressesThatAreNone) {
  for (const char* const port : {"70000", "65536", "99999999999", "http", "-1", "", " 1"}) {
    const std::string address = absl::StrCat("127.0.0.1:", port);
    EXPECT_THAT(Error(With("/listen", address)), HasSubstr("g.json: listen: ")) << port;
    EXPECT_THAT(Error(With("/metrics/listen", address)), HasSubstr("g.json: metrics.listen: "));
    EXPECT_THAT(Error(With("/server/health_listen", address)),
                HasSubstr("g.json: server.health_listen: "));
  }
  EXPECT_NE(Error(With("/listen", "")), "");
  EXPECT_NE(Error(With("/listen", "localhost")), "");
  EXPECT_EQ(Error(With("/listen", "127.0.0.1:65535")), "");
}

TEST(ConfigTest, RefusesOneAddressForTwoPorts) {
  EXPECT_EQ(Error(With("/metrics/listen", "127.0.0.1:50051")),
            "g.json: metrics.listen: is the same as listen");
  EXPECT_EQ(Error(With("/server/health_listen", "127.0.0.1:50051")),
            "g.json: server.health_listen: is the same as listen");
  json config = With("/listen", "127.0.0.1:0");
  config["metrics"]["listen"] = "127.0.0.1:0";
  EXPECT_EQ(Error(config), "");
}

TEST(ConfigTest, SendsKeysInPlainTextToOthersOnlyWhenToldSo) {
  for (const char* const local :
       {"http://127.0.0.1", "http://127.0.0.1:8080/x", "http://localhost:1", "http://[::1]:1",
        "http://[::1]", "https://api.example"}) {
    EXPECT_EQ(Error(With("/upstreams/paynow/base_url", local)), "") << local;
  }
  for (const char* const reachable :
       {"http://api.example", "http://sandbox:8080", "http://10.0.0.7", "http://[2001:db8::1]:80",
        "http://localhost.example"}) {
    json config = With("/upstreams/paynow/base_url", reachable);
    EXPECT_THAT(Error(config), HasSubstr("g.json: upstreams.paynow.base_url: keys would cross"))
        << reachable;
    config["upstreams"]["paynow"]["allow_plaintext"] = true;
    EXPECT_EQ(Error(config), "") << reachable;
  }
}

TEST(ConfigTest, RefusesTheSameKeyTwice) {
  const auto error = [](const std::string& text) {
    return std::string(ParseConfig("g.json", text).status().message());
  };
  EXPECT_EQ(error(R"({"listen": "127.0.0.1:1", "listen": "127.0.0.1:2"})"),
            "g.json: listen: is there twice");
  EXPECT_EQ(error(R"({"upstreams": {"paynow": {}, "pay\u006eow": {}}})"),
            "g.json: upstreams.paynow: is there twice");
  EXPECT_EQ(Error(Minimal()), "");
}

TEST(ConfigTest, ReadsWhatIsToldOfCalls) {
  const absl::StatusOr<Config> defaults = ParseConfig("g.json", Minimal().dump());
  ASSERT_TRUE(defaults.ok());
  EXPECT_EQ(defaults->logging.level, Severity::kInfo);
  EXPECT_EQ(defaults->tracing.file, "");
  json config = Minimal();
  config["logging"] = {{"level", "error"}, {"access_sample_ratio", 0.5}};
  config["tracing"] = {{"file", "/t"}, {"sample_ratio", 1}, {"max_file_bytes", 65536}};
  const absl::StatusOr<Config> read = ParseConfig("g.json", config.dump());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->logging, (LoggingConfig{Severity::kError, 0.5}));
  EXPECT_EQ(read->tracing, (TracingConfig{"/t", 1, 65536}));
  EXPECT_EQ(Error(With("/logging/level", "debug")),
            "g.json: logging.level: expected info, warning or error");
}

TEST(ConfigTest, SaysWhatIsMissing) {
  EXPECT_EQ(Error(json::object()), "g.json: upstreams: at least one is required");
  EXPECT_EQ(Error({{"upstreams", json::object()}}), "g.json: upstreams: at least one is required");
  EXPECT_EQ(Error(json::parse(R"({"upstreams": {"a": {}}})")),
            "g.json: upstreams.a.base_url: is required\n"
            "g.json: upstreams.a.api_key: is required, here or for a store");
  EXPECT_EQ(Error(With("/upstreams/paynow/stores/s1", json::object())),
            "g.json: upstreams.paynow.stores.s1.api_key: is required");
}

TEST(ConfigTest, NeedsExactlyOneSourceOfAKey) {
  for (const char* source : {"{}", R"({"file": "a", "env": "b"})", R"({"file": "", "env": ""})"}) {
    EXPECT_THAT(Error(With("/upstreams/paynow/api_key", json::parse(source))),
                HasSubstr("g.json: upstreams.paynow.api_key: set either file or env"));
  }
  json config = With("/upstreams/paynow/stores/s1/api_key", {{"env", "E"}});
  config["upstreams"]["paynow"].erase("api_key");
  EXPECT_EQ(Error(config), "");
}

TEST(ConfigTest, NeedsAConnectionForEveryEventLoop) {
  EXPECT_EQ(Error(With("/upstreams/paynow/pool", {{"event_loops", 3}, {"max_connections", 2}})),
            "g.json: upstreams.paynow.pool.max_connections: must be at least event_loops");
}

TEST(ConfigTest, SaysWhereTheTextIsNoJson) {
  const struct {
    std::string text;
    std::string error;
  } kRows[] = {
      {"", "g.json: not valid JSON at line 1, column 1"},
      {"{\n  \"a\": MARKER\n}", "g.json: not valid JSON at line 2, column 8"},
      {"{\"a\": \"pnapi_MARKER\n\"}", "g.json: not valid JSON at line 1, column 20"},
      {"{} MARKER", "g.json: not valid JSON at line 1, column 4"},
      {"{\"MARKER\": \"\xff\"}", "g.json: not valid JSON at line 1, column 13"},
      {"{\"MARKER\": 1e999}", "g.json: a number is too large"},
      {"{\"a\": 1,}", "g.json: not valid JSON at line 1, column 9"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(ParseConfig("g.json", row.text).status(), absl::InvalidArgumentError(row.error));
  }
}

TEST(ConfigTest, NeverShowsAValue) {
  const json kEverywhere[] = {
      kSecret,
      With("/listen", json::array({kSecret})),
      With("/default_deadline", kSecret),
      With("/max_request_bytes", kSecret),
      With("/drain", kSecret),
      With("/upstreams", kSecret),
      With("/upstreams/paynow", kSecret),
      With("/upstreams/paynow/api_key", kSecret),
      With("/upstreams/paynow/api_key/value", kSecret),
      With("/upstreams/paynow/api_key/file", {{"key", kSecret}}),
      With("/upstreams/paynow/stores/s1", kSecret),
      With("/upstreams/paynow/pool/max_queued", kSecret),
      With("/api_key", kSecret),
  };
  for (const json& config : kEverywhere) {
    const std::string error = Error(config);
    EXPECT_THAT(error, AllOf(HasSubstr("g.json: "), Not(HasSubstr("MARKER")))) << config;
  }
}

TEST(ConfigTest, LoadsAFile) {
  TempDir directory;
  const std::string file = directory.Write("g.json", Minimal().dump());
  EXPECT_TRUE(LoadConfig(file).ok());
  EXPECT_EQ(LoadConfig(file + "x").status(), absl::NotFoundError(file + "x: cannot be read"));
  EXPECT_EQ(LoadConfig(directory.Path()).status(),
            absl::NotFoundError(directory.Path() + ": is no regular file"));
  EXPECT_EQ(LoadConfig(directory.Write("empty", "")).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ConfigTest, ReadsHowAnUpstreamIsReached) {
  const absl::StatusOr<Config> config = ParseConfig("g.json", R"({
    "upstreams": {"paynow": {
      "base_url": "https://h", "api_key": {"file": "/k"},
      "tls": {"certificate_file": "/c", "key_file": "/p"},
      "proxy": {"url": "socks5h://proxy:1080", "user": "u", "password_file": "/w"},
      "pool": {"unacknowledged_timeout": "5s"}}}})");
  ASSERT_TRUE(config.ok()) << config.status();
  const UpstreamConfig& upstream = config->upstreams.at("paynow");
  EXPECT_EQ(upstream.tls.certificate_file, "/c");
  EXPECT_EQ(upstream.tls.key_file, "/p");
  EXPECT_EQ(upstream.proxy.url, "socks5h://proxy:1080");
  EXPECT_EQ(upstream.proxy.user, "u");
  EXPECT_EQ(upstream.proxy.password_file, "/w");
  EXPECT_EQ(upstream.pool.unacknowledged_timeout, absl::Seconds(5));
}

TEST(ConfigTest, RefusesHalfOfACertificateAndHalfOfAProxy) {
  const auto error = [](const char* member) {
    const std::string text = absl::StrCat(R"({"upstreams": {"paynow": {"base_url": "https://h", )",
                                          R"("api_key": {"file": "/k"}, )", member, "}}}");
    return std::string(ParseConfig("g.json", text).status().message());
  };
  EXPECT_EQ(error(R"("tls": {"key_file": "/p"})"),
            "g.json: upstreams.paynow.tls: certificate_file and key_file belong together");
  EXPECT_EQ(error(R"("proxy": {"url": "http://p:1", "user": "u"})"),
            "g.json: upstreams.paynow.proxy: user and password_file belong together");
  EXPECT_EQ(error(R"("proxy": {"user": "u", "password_file": "/w"})"),
            "g.json: upstreams.paynow.proxy.url: is required");
}

// HTTP/2 to upstreams was removed, and its key with it: the error tells the operator what to do.
TEST(ConfigTest, SaysWhatBecameOfStreams) {
  const std::string error(
      ParseConfig("g.json", R"({"upstreams": {"paynow": {"base_url": "https://h",
                             "api_key": {"file": "/k"},
                             "pool": {"max_streams_per_connection": 100}}}})")
          .status()
          .message());
  EXPECT_EQ(error,
            "g.json: upstreams.paynow.pool.max_streams_per_connection: upstreams are called over "
            "HTTP/1.1 alone: remove the key, and let max_connections be the number of requests in "
            "flight");
}

}  // namespace
}  // namespace gateway
