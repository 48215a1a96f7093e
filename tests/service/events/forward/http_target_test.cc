// Events over HTTP: what is sent, and what each answer means.
#include "service/events/forward/http_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/support/refusing_port.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/webhooks/signer.h"
#include "upstream/http/http1_transport.h"

namespace gateway::events {
namespace {

using http::ScriptedServer;
using http::Step;
using testing::StartsWith;

const std::string& Secret() {
  static const std::string& secret = *new std::string(32, 'k');
  return secret;
}

class HttpTargetTest : public testing::Test {
 protected:
  // Hands an event to this URL and returns the result.
  HandoverResult HandOn(const std::string& url, absl::Duration timeout = absl::Seconds(30)) {
    http::Options options;
    options.max_body_bytes = 1000;
    auto signer = Signer::Create({absl::StrCat("whsec_", absl::Base64Escape(Secret()))});
    HttpTarget target(url, *http::Http1Transport::Create(url, options),
                      std::make_shared<const Signer>(*std::move(signer)));
    std::promise<HandoverResult> promise;
    target.HandOn({.id = "paynow_17", .provider = "paynow", .type = "ON_REFUND", .body = "{}"},
                  SteadyTime::Now() + timeout,
                  [&](HandoverResult result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }

  HandoverResult HandOnTo(const Step& step, absl::Duration timeout = absl::Seconds(30)) {
    ScriptedServer server({{step}});
    return HandOn(server.Url("/events"), timeout);
  }
};

TEST_F(HttpTargetTest, SendsASignedCloudEvent) {
  ScriptedServer server({{Step::Reply("thanks")}});
  EXPECT_EQ(HandOn(server.Url("/events?from=gateway")).handover, Handover::kTaken);
  ASSERT_EQ(server.received().size(), 1u);
  const http::Received request = server.received()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/events?from=gateway");
  EXPECT_EQ(request.body, "{}");
  EXPECT_EQ(request.Header("content-type"), "application/cloudevents+json");
  EXPECT_THAT(request.Header("user-agent"), StartsWith("billing-gateway/"));
  EXPECT_EQ(request.Header("webhook-id"), "paynow_17");
  const std::string timestamp = request.Header("webhook-timestamp");
  EXPECT_LT(absl::AbsDuration(absl::Now() - absl::FromUnixSeconds(std::stoll(timestamp))),
            absl::Minutes(1));
  EXPECT_EQ(request.Header("webhook-signature"),
            absl::StrCat("v1,", webhooks::Base64Text(webhooks::Hmac(
                                    Secret(), absl::StrCat("paynow_17.", timestamp, ".{}")))));
}

TEST_F(HttpTargetTest, EveryStatusHasOneMeaning) {
  struct Row {
    const char* head;
    Handover handover;
  };
  for (const Row& row : std::vector<Row>{{"200 OK", Handover::kTaken},
                                         {"202 Accepted", Handover::kTaken},
                                         {"299 Odd", Handover::kTaken},
                                         {"301 Moved\r\nLocation: /there", Handover::kRefused},
                                         {"400 Bad", Handover::kRefused},
                                         {"401 Who", Handover::kRefused},
                                         {"404 Not here", Handover::kRefused},
                                         {"408 Slow", Handover::kFailed},
                                         {"410 Gone", Handover::kGone},
                                         {"413 Large", Handover::kRefused},
                                         {"425 Early", Handover::kFailed},
                                         {"429 Many", Handover::kFailed},
                                         {"500 Oh", Handover::kFailed},
                                         {"503 Later", Handover::kFailed}}) {
    ScriptedServer server(
        {{Step::Raw(absl::StrCat("HTTP/1.1 ", row.head, "\r\nContent-Length: 0\r\n\r\n"))}});
    const HandoverResult result = HandOn(server.Url("/events"));
    EXPECT_EQ(result.handover, row.handover) << row.head;
    EXPECT_EQ(result.reason, absl::StrCat("HTTP ", std::string(row.head).substr(0, 3)));
    EXPECT_EQ(server.executions(), 1) << "a redirect is not followed";
  }
}

TEST_F(HttpTargetTest, RetryAfterIsHeededUpToAnHour) {
  const auto after = [&](const std::string& header) {
    return HandOnTo(Step::Raw(absl::StrCat("HTTP/1.1 503 Later\r\nRetry-After: ", header,
                                           "\r\nContent-Length: 0\r\n\r\n")))
        .retry_after;
  };
  EXPECT_EQ(after("7"), absl::Seconds(7));
  EXPECT_EQ(after("1000"), absl::Seconds(1000));
  EXPECT_EQ(after("100000"), absl::Hours(1));
  EXPECT_EQ(after("soon"), std::nullopt);
}

TEST_F(HttpTargetTest, AnAnswerBeyondItsBoundIsAnAnswer) {
  EXPECT_EQ(HandOnTo(Step::Reply(std::string(200'000, 'x'))).handover, Handover::kTaken);
  const auto with_large_head = [&](const std::string& status) {
    return HandOnTo(
               Step::Raw(absl::StrCat("HTTP/1.1 ", status, "\r\nX: ", std::string(200'000, 'x'),
                                      "\r\nContent-Length: 0\r\n\r\n")))
        .handover;
  };
  EXPECT_EQ(with_large_head("200 OK"), Handover::kTaken);
  EXPECT_EQ(with_large_head("204"), Handover::kTaken);
  EXPECT_EQ(with_large_head("404 Not here"), Handover::kRefused);
  EXPECT_EQ(with_large_head("503 Later"), Handover::kFailed);
  EXPECT_EQ(with_large_head("103 Early"), Handover::kFailed) << "this is no answer yet";
}

TEST_F(HttpTargetTest, WithoutAnAnswerTheTargetMayHaveIt) {
  EXPECT_EQ(HandOnTo(Step::ExecuteAndClose()).handover, Handover::kFailed);
  EXPECT_EQ(HandOnTo(Step::Raw("nonsense\r\n\r\n", Step::End::kClose)).handover, Handover::kFailed);
  EXPECT_EQ(HandOnTo(Step::HeldReply("{}"), absl::Milliseconds(200)).handover, Handover::kFailed);
}

TEST_F(HttpTargetTest, NothingWasSentWhereNobodyListens) {
  const end_to_end::RefusingPort port;
  const HandoverResult result = HandOn(port.url() + "/events");
  EXPECT_EQ(result.handover, Handover::kUnreachable);
  EXPECT_EQ(result.reason, "connect");
}

}  // namespace
}  // namespace gateway::events
