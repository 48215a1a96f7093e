#include "upstream/sandbox/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/service/temp_dir.h"

namespace gateway::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Shops = std::vector<Sandbox::Options>;

Shops Read(const std::vector<std::string>& arguments, const char* program = "provider-sandbox") {
  return ReadCommandLine(program, arguments, "").value();
}

std::string Refused(const std::vector<std::string>& arguments) {
  const auto shops = ReadCommandLine("provider-sandbox", arguments, "");
  return shops.ok() ? "" : std::string(shops.status().message());
}

std::vector<std::string> Addresses(const Shops& shops) {
  std::vector<std::string> all;
  for (const Sandbox::Options& one : shops) {
    all.push_back(one.provider + " " + one.host + ":" + std::to_string(one.port));
  }
  return all;
}

TEST(CommandLine, AllProvidersOnPortsInARow) {
  EXPECT_THAT(Addresses(Read({})),
              ElementsAre("paynow 127.0.0.1:8080", "paymentkit 127.0.0.1:8081",
                          "qashier 127.0.0.1:8082", "convergegate 127.0.0.1:8083"));
  EXPECT_THAT(
      Addresses(Read({"--provider", "qashier", "--provider", "paynow", "--listen", "[::1]:90"})),
      ElementsAre("qashier [::1]:90", "paynow [::1]:91"));
  EXPECT_THAT(
      Addresses(Read({"--listen", "localhost:0", "--provider", "paynow", "--provider", "qashier"})),
      ElementsAre("paynow localhost:0", "qashier localhost:0"));
}

TEST(CommandLine, ByItsFormerNameItIsPayNowAlone) {
  EXPECT_THAT(Addresses(Read({}, "paynow-sandbox")), ElementsAre("paynow 127.0.0.1:8080"));
  EXPECT_THAT(Addresses(Read({"--provider", "qashier"}, "paynow-sandbox")),
              ElementsAre("qashier 127.0.0.1:8080"));
}

TEST(CommandLine, AValueIsForAllOrForOne) {
  const Shops shops = Read({"--provider", "paynow", "--provider", "qashier", "--api-key", "k",
                            "--api-key", "qashier=q", "--webhook", "http://a/?x=1",
                            "--webhook-secret", "paynow=s", "--public-url", "paynow=https://a",
                            "--fault", "delay:GetOrders", "--open-window", "true"});
  EXPECT_THAT(shops[0].api_keys, ElementsAre("k"));
  EXPECT_THAT(shops[1].api_keys, ElementsAre("k", "q"));
  EXPECT_THAT(shops[0].webhook_urls, ElementsAre("http://a/?x=1"));
  EXPECT_THAT(shops[1].webhook_urls, ElementsAre("http://a/?x=1"));
  EXPECT_EQ(shops[0].webhook_secret, "s");
  EXPECT_EQ(shops[1].webhook_secret, "whsec_sandbox");
  EXPECT_EQ(shops[0].public_url, "https://a");
  EXPECT_EQ(shops[1].public_url, "");
  EXPECT_EQ(shops[1].faults.size(), 1u);
  EXPECT_TRUE(shops[1].open_window);
}

TEST(CommandLine, ASeedIsRead) {
  TempDir directory;
  const std::string file = directory.Write("seed.json", "{\"TagDto\": []}");
  EXPECT_EQ(Read({"--provider", "paynow", "--seed", file})[0].seed, "{\"TagDto\": []}");
  EXPECT_EQ(Read({"--seed", "qashier=" + file})[2].seed, "{\"TagDto\": []}");
}

TEST(CommandLine, WhatIsWrongIsNamed) {
  EXPECT_THAT(Refused({"--listen"}), HasSubstr("--listen: a value must follow"));
  EXPECT_THAT(Refused({"--dance", "x"}), HasSubstr("--dance: there is no such argument"));
  EXPECT_THAT(Refused({"--provider", "nobody"}),
              HasSubstr("--provider: there is no provider nobody"));
  EXPECT_THAT(Refused({"--listen", "8080"}), HasSubstr("--listen: 8080: write HOST:PORT"));
  EXPECT_THAT(Refused({"--listen", "a:65533"}), HasSubstr("4 ports up to 65535"));
  EXPECT_THAT(Refused({"--fault", "earthquake"}), HasSubstr("--fault: no fault earthquake"));
  EXPECT_THAT(Refused({"--open-window", "yes"}), HasSubstr("--open-window: true or false"));
  EXPECT_THAT(Refused({"--seed", "a.json"}), HasSubstr("--seed: say whose: paynow=..."));
  EXPECT_THAT(Refused({"--seed", "paynow=/nowhere"}), HasSubstr("cannot read /nowhere"));
  EXPECT_THAT(Refused({"--provider", "paynow", "--api-key", "qashier=q"}),
              HasSubstr("qashier is not served"));
}

}  // namespace
}  // namespace gateway::sandbox
