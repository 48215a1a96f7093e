// How the targets of forwarders are made from the configuration and its files, and which targets a
// reload keeps.
#include "service/generation/forward_targets.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/service/authority.h"
#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

std::string SecretOf(char c) {
  return absl::StrCat("whsec_", absl::Base64Escape(std::string(32, c)), "\n");
}

class ForwardTargetsTest : public testing::Test {
 protected:
  ForwardTargetsTest() {
    HttpForwardConfig& http = config_.forward["shop"].http;
    http.url = "https://shop.example/events";
    http.secrets["a"].file = directory_.Write("a", SecretOf('a'));
  }

  HttpForwardConfig& Http() { return config_.forward["shop"].http; }

  std::string WhyRefused() {
    return std::string(LoadForwardTargets(config_, nullptr).status().message());
  }

  const TempDir directory_;
  EventsConfig config_;
};

TEST_F(ForwardTargetsTest, WhatDidNotChangeIsKept) {
  const auto first = LoadForwardTargets(config_, nullptr);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto next = LoadForwardTargets(config_, &*first);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->at("shop").target, first->at("shop").target);
}

TEST_F(ForwardTargetsTest, ANewSecretIsTakenUpAndTheConnectionsAreKept) {
  const auto first = LoadForwardTargets(config_, nullptr);
  ASSERT_TRUE(first.ok()) << first.status();
  directory_.Write("a", SecretOf('b'));
  const auto next = LoadForwardTargets(config_, &*first);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_NE(next->at("shop").target, first->at("shop").target);
  EXPECT_EQ(next->at("shop").transport, first->at("shop").transport);
}

TEST_F(ForwardTargetsTest, AnotherAuthorityTakesOtherConnections) {
  const Authority one("one");
  const Authority other("other");
  Http().tls.ca_file = directory_.Write("ca", one.certificate());
  const auto first = LoadForwardTargets(config_, nullptr);
  ASSERT_TRUE(first.ok()) << first.status();
  directory_.Write("ca", other.certificate());
  const auto next = LoadForwardTargets(config_, &*first);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_NE(next->at("shop").transport, first->at("shop").transport);
}

TEST_F(ForwardTargetsTest, SaysWhichFileOrKeyIsWrong) {
  const std::string place = "forward.shop.http.";
  directory_.Write("a", "whsec_short");
  EXPECT_EQ(WhyRefused(), place + "secrets.a: behind whsec_ stands Base64");
  directory_.Write("a", "secret");
  EXPECT_EQ(WhyRefused(), place + "secrets.a: a secret begins with whsec_");
  Http().secrets["a"].file = directory_.Path("none");
  EXPECT_EQ(WhyRefused(),
            absl::StrCat(place, "secrets.a.file: ", directory_.Path("none"), " cannot be read"));
  Http().secrets["a"].file = directory_.Write("a", SecretOf('a'));
  Http().url = "ftp://shop.example/events";
  EXPECT_EQ(WhyRefused(), place + "url: the URL is neither http nor https");
  Http().url = "https://user:password@shop.example/events";
  EXPECT_EQ(WhyRefused(), place + "url: the URL carries credentials");
  Http().url = "https://shop.example/events";
  Http().proxy.url = "ftp://proxy";
  EXPECT_EQ(WhyRefused(), place + "proxy.url must begin with http:// or socks5h://");
  Http().proxy.url = "";
  Http().tls.ca_file = directory_.Write("ca", "no certificate");
  EXPECT_EQ(WhyRefused().find(place + "ca_file"), 0u) << WhyRefused();
}

}  // namespace
}  // namespace gateway
