// The server itself: hooks, connections, hostile bytes, many concurrent callers.
#include "upstream/sandbox/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/upstream/sandbox/client.h"
#include "tests/upstream/sandbox/raw.h"

namespace gateway::sandbox {
namespace {

constexpr char kAuthorized[] = "Host: x\r\nAuthorization: APIKey pnapi_v1_sandbox\r\n";

TEST(Server, TheRequestHookSeesAndReplaces) {
  const auto sandbox = StartSandbox();
  std::mutex mu;
  std::vector<Received> seen;
  sandbox->OnRequest([&](const Received& received) -> std::optional<Reply> {
    const std::lock_guard<std::mutex> lock(mu);
    seen.push_back(received);
    if (received.method == "GET") return std::nullopt;
    return Reply{503, "", "text/plain", {{"Retry-After", "7"}}};
  });
  Client client(sandbox->port());
  EXPECT_EQ(client.Get("/v1/stores?x=%41").status, 400);
  const Answer refused = client.Post(absl::StrCat(kStore, "/tags"), {{"name", "n"}});
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.text, "");
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].method, "GET");
  EXPECT_EQ(seen[0].target, "/v1/stores?x=%41");
  EXPECT_EQ(seen[0].Header("authorization"), "APIKey pnapi_v1_sandbox");
  EXPECT_EQ(seen[1].method, "POST");
  EXPECT_EQ(seen[1].body, R"({"name":"n"})");
  for (const auto& [name, value] : seen[1].headers) {
    EXPECT_THAT(name, testing::AnyOf("Accept", "Accept-Encoding", "Authorization", "Connection",
                                     "Content-Length", "Content-Type", "Host", "User-Agent"))
        << value;
  }
  sandbox->OnRequest(nullptr);
  EXPECT_EQ(client.Get(absl::StrCat(kStore, "/tags")).body.size(), 3u);
}

TEST(Server, TheReplyHookSeesWhatIsSent) {
  const auto sandbox = StartSandbox();
  std::mutex mu;
  std::vector<std::pair<std::string, Reply>> seen;
  sandbox->OnReply([&](const Received& received, const Reply& reply) {
    const std::lock_guard<std::mutex> lock(mu);
    seen.emplace_back(received.target, reply);
  });
  Client client(sandbox->port());
  const Answer answer = client.Get("/v1/stores");
  client.Get("/v1/nothing");
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].first, "/v1/stores");
  EXPECT_EQ(seen[0].second.body, answer.text);
  EXPECT_EQ(seen[1].second.status, 404);
}

TEST(Server, OneConnectionCarriesBodiesWithAnyVerbAndNone) {
  const auto sandbox = StartSandbox();
  Raw raw(sandbox->port());
  // POST and DELETE without body and length, a GET with a body, a chunked body.
  raw.Say(absl::StrCat("POST ", kStore, "/orders/411486491630370850/refund HTTP/1.1\r\n",
                       kAuthorized, "\r\n"));
  EXPECT_THAT(raw.Hear("\"}"), testing::StartsWith("HTTP/1.1 200"));
  raw.Say(absl::StrCat("DELETE ", kStore, "/tags/411486491630370831 HTTP/1.1\r\n", kAuthorized,
                       "\r\n"));
  EXPECT_THAT(raw.Hear("\r\n\r\n"), testing::StartsWith("HTTP/1.1 204"));
  raw.Say(
      absl::StrCat("GET ", kStore, " HTTP/1.1\r\n", kAuthorized, "Content-Length: 5\r\n\r\nhello"));
  EXPECT_THAT(raw.Hear("}"), testing::StartsWith("HTTP/1.1 200"));
  raw.Say(absl::StrCat("POST ", kStore, "/tags HTTP/1.1\r\n", kAuthorized,
                       "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "5\r\n{\"nam\r\n8\r\ne\":\"abc\"\r\n1\r\n}\r\n0\r\n\r\n"));
  EXPECT_THAT(raw.Hear("}"), testing::HasSubstr("\"abc\""));
}

TEST(Server, ARequestThatComesByteByByte) {
  const auto sandbox = StartSandbox();
  Raw raw(sandbox->port());
  for (const char byte : absl::StrCat("GET /v1/stores HTTP/1.1\r\n", kAuthorized, "\r\n")) {
    raw.Say(std::string(1, byte));
  }
  EXPECT_THAT(raw.Hear("]"), testing::StartsWith("HTTP/1.1 200"));
}

TEST(Server, HostileBytesHurtNobody) {
  const auto sandbox = StartSandbox();
  const std::string long_path(7000, 'a');
  const std::string cases[] = {
      "\r\n\r\n",
      "nonsense\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      std::string("GET /\0 HTTP/1.1\r\n\r\n", 19),
      absl::StrCat("GET /", long_path, " HTTP/1.1\r\n", kAuthorized, "\r\n"),
      absl::StrCat("GET /", std::string(100000, 'a'), " HTTP/1.1\r\n", kAuthorized, "\r\n"),
      absl::StrCat("GET /v1/stores HTTP/1.1\r\nX: ", std::string(100000, 'a'), "\r\n\r\n"),
      absl::StrCat("GET /v1/stores?", std::string(4000, '&'), "=%=%%=& HTTP/1.1\r\n", kAuthorized,
                   "\r\n"),
      absl::StrCat("POST ", kStore, "/tags HTTP/1.1\r\n", kAuthorized,
                   "Content-Length: 99999999999999999999\r\n\r\n"),
      absl::StrCat("POST ", kStore, "/tags HTTP/1.1\r\n", kAuthorized,
                   "Content-Length: -1\r\n\r\n"),
      absl::StrCat("POST ", kStore, "/tags HTTP/1.1\r\n", kAuthorized,
                   "Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
      absl::StrCat("POST ", kStore, "/tags HTTP/1.1\r\n", kAuthorized,
                   "Content-Length: 10\r\n\r\nabc"),
      absl::StrCat("POST ", kStore, "/tags HTTP/1.1\r\n", kAuthorized,
                   "Transfer-Encoding: chunked\r\n\r\n0\r\nA: ", std::string(66'000, 'x'),
                   "\r\n\r\n"),
      absl::StrCat("POST ", kStore, "/tags HTTP/1.1\r\n", kAuthorized,
                   "Transfer-Encoding: chunked\r\n\r\n1;", std::string(100'000, 'x')),
      std::string(5000, '\xff'),
  };
  for (const std::string& bytes : cases) {
    Raw raw(sandbox->port());
    raw.Say(bytes);
    raw.EndSaying();
    raw.Hear();
  }
  Client client(sandbox->port());
  EXPECT_EQ(client.Get("/v1/stores").status, 200);
}

TEST(Server, IdleConnectionsNeitherStarveOthersNorDelayTheEnd) {
  Sandbox::Options options;
  auto sandbox = *Sandbox::Start(std::move(options));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<Client>(sandbox->port()));
    EXPECT_EQ(clients.back()->Get("/v1/stores").status, 200);
  }
  Client late(sandbox->port());
  EXPECT_EQ(late.Get("/v1/stores").status, 200);
  const absl::Time before = absl::Now();
  sandbox.reset();
  // Much less than the time for which an idle connection is kept.
  EXPECT_LT(absl::Now() - before, absl::Seconds(60));
}

TEST(Server, APortThatIsTakenIsAnError) {
  const auto sandbox = StartSandbox();
  Sandbox::Options options;
  options.port = sandbox->port();
  EXPECT_FALSE(Sandbox::Start(options).ok());
}

TEST(Server, ManyCallersAtOnce) {
  const auto sandbox = StartSandbox();
  constexpr int kThreads = 8;
  constexpr int kRounds = 25;
  std::atomic<int> refunds = 0;
  std::mutex mu;
  std::set<std::string> ids;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      Client client(sandbox->port());
      for (int round = 0; round < kRounds; ++round) {
        const Answer tag = client.Post(absl::StrCat(kStore, "/tags"),
                                       {{"name", absl::StrCat("t", thread, "-", round)}});
        ASSERT_EQ(tag.status, 200) << tag.text;
        const std::string id = tag.body["id"];
        {
          const std::lock_guard<std::mutex> lock(mu);
          EXPECT_TRUE(ids.insert(id).second) << id;
        }
        EXPECT_EQ(client.Get(absl::StrCat(kStore, "/tags/", id)).body, tag.body);
        EXPECT_EQ(client.Get(absl::StrCat(kStore, "/orders?limit=5")).body.size(), 5u);
        sandbox->OnReply([](const Received&, const Reply&) {});
      }
      const std::string refund = absl::StrCat(kStore, "/orders/411486491630370850/refund");
      if (client.Send("POST", refund, "").status == 200) ++refunds;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ids.size(), static_cast<size_t>(kThreads * kRounds));
  EXPECT_EQ(refunds, 1);
}

}  // namespace
}  // namespace gateway::sandbox
