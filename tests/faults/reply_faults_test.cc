// Replies that arrive but do not match the contract.
#include <malloc.h>
#include <zlib.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/rpc.h"
#include "tests/faults/bench.h"

namespace gateway::faults {
namespace {

using absl::StatusCode;

constexpr size_t kMegabyte = size_t{1024} * 1024;
#ifdef __SANITIZE_ADDRESS__
// AddressSanitizer keeps freed memory for a while.
constexpr size_t kMostGrowth = 80 * kMegabyte;
#else
constexpr size_t kMostGrowth = 48 * kMegabyte;
#endif

std::string Zeros(size_t size) { return std::string(size, ' '); }

std::string Gzip(const std::string& text) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;  // window size, and gzip's header
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 9, Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = text.size();
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = packed.size();
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// Memory of this process in bytes: "VmRSS" is the current size, "VmHWM" the maximum since
// ResetPeak.
size_t Memory(const std::string& which) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (absl::StartsWith(line, which + ":"))
      return std::stoul(line.substr(which.size() + 1)) * 1024;
  }
  ADD_FAILURE() << "no " << which;
  return 0;
}

void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

class ReplyFaults : public WireBench {
 protected:
  static std::vector<Operation> All() { return {Read(), Refund(), Delete()}; }

  // An unusable reply: INTERNAL for a read, UNKNOWN for a write that has a declared reply.
  std::vector<Seen> ExpectUnusable(const Reaction& reaction, const std::string& result = "2xx",
                                   const std::string& reason = "UPSTREAM_REPLY_UNREADABLE") {
    std::vector<Seen> seen =
        ExpectOnce(reaction, {Read()}, result, {StatusCode::kInternal, "unknown", reason});
    for (Seen& write :
         ExpectOnce(reaction, {Refund()}, result, {StatusCode::kUnknown, "unknown", reason})) {
      seen.push_back(std::move(write));
    }
    return seen;
  }

  // The transfer itself is broken: a read is retried, with the same result.
  void ExpectBroken(const Reaction& reaction) {
    ExpectOnce(reaction, {Refund(), Delete()}, "broken",
               {StatusCode::kUnknown, "unknown", "UPSTREAM_CONNECTION_BROKEN"});
    Serve([=](const Received&) { return reaction; });
    const Seen seen = Call(Read());
    ExpectSeen(seen, StatusCode::kUnavailable, "unknown", "UPSTREAM_CONNECTION_BROKEN");
    EXPECT_EQ(seen.attempts, 3);
    ExpectAttempts("read", {{"broken", 3}});
    EXPECT_FALSE(HoldsInjection(seen));
  }

  // A reply whose head is too large has no status. A reply whose body is too large has a valid
  // head.
  void ExpectHeadTooLarge(const Reaction& reaction) {
    ExpectUnusable(reaction, "too_large", "UPSTREAM_REPLY_TOO_LARGE");
  }
  void ExpectTooLarge(const Reaction& reaction) {
    ExpectUnusable(reaction, "2xx", "UPSTREAM_REPLY_TOO_LARGE");
  }

  static bool HoldsInjection(const Seen& seen) {
    for (const auto& [name, value] : seen.trailers) {
      if (absl::StrContains(name, "injected") || absl::StrContains(value, "injected")) return true;
    }
    return absl::StrContains(seen.message, "injected");
  }

  static std::unique_ptr<end_to_end::Message> Order(const Seen& seen) {
    auto order = end_to_end::NewMessage(
        end_to_end::TypeNamed(absl::StrCat(end_to_end::kPackage, "OrderDto")));
    EXPECT_TRUE(order->ParseFromString(seen.reply));
    return order;
  }

  static bool Has(const end_to_end::Message& message, const std::string& field) {
    return message.GetReflection()->HasField(message,
                                             message.GetDescriptor()->FindFieldByName(field));
  }
};

TEST_P(ReplyFaults, Case29InvalidJsonOrAWrongType) {
  for (const char* const body : {R"({"id": )", "<html>", "[]", "\"text\"", "{}{}"}) {
    SCOPED_TRACE(body);
    ExpectUnusable(Reaction::Json(body));
  }
  const Outcome expected = {StatusCode::kInternal, "unknown", "UPSTREAM_REPLY_UNREADABLE"};
  const Reaction wrong_type = Reaction::Json(R"({"id": "1", "lines": [{}, {"quantity": {}}]})");
  const std::vector<Seen> seen = ExpectOnce(wrong_type, {Read()}, "2xx", expected);
  EXPECT_TRUE(absl::StrContains(seen[0].message, "lines[1].quantity")) << seen[0].message;
}

TEST_P(ReplyFaults, Case30UnknownMemberAndEnumText) {
  Serve([](const Received&) {
    return Reaction::Json(R"({"id": "1", "status": "teleported", "brand_new": {"a": [1]}})");
  });
  const Seen seen = Call(Read());
  ExpectOk(seen);
  EXPECT_TRUE(Has(*Order(seen), "id"));
  ExpectExecutions(1);
  const std::string order = absl::StrCat(end_to_end::kPackage, "OrderDto");
  if (Front::IsThroughGrpc()) {
    const auto text = seen.trailers.find("gateway-unrecognized");
    ASSERT_NE(text, seen.trailers.end());
    EXPECT_EQ(text->second, absl::StrCat(order, ".status=teleported"));
  }
  ExpectMetric("gateway_drift_total",
               {{"kind", "unknown_enum_text"}, {"field", absl::StrCat(order, ".status")}}, 1);
  ExpectMetric("gateway_drift_total", {{"kind", "unknown_member"}, {"field", order}}, 1);
  ExpectAttempts("read", {{"2xx", 1}});
}

TEST_P(ReplyFaults, Case31NullForAScalar) {
  Serve([](const Received&) {
    return Reaction::Json(R"({"id": "1", "pretty_id": null, "total_amount": null, "type": null})");
  });
  const Seen seen = Call(Read());
  ExpectOk(seen);
  const auto order = Order(seen);
  EXPECT_TRUE(Has(*order, "id"));
  for (const char* const field : {"pretty_id", "total_amount", "type"}) {
    EXPECT_FALSE(Has(*order, field)) << field;
  }
  ExpectExecutions(1);
  ExpectAttempts("read", {{"2xx", 1}});
}

TEST_P(ReplyFaults, Case32HugeReplies) {
  constexpr size_t kCap = 4 * kMegabyte;
  upstream_config().pool.max_body_bytes = kCap;
  Reaction announced = Reaction::Json(Zeros(kMegabyte / 16));
  announced.times = 50 * 16;
  Reaction unannounced = announced;
  unannounced.announced = -1;
  const Reaction bomb =
      Reaction::Json(Gzip(Zeros(50 * kMegabyte))).With("Content-Encoding", "gzip");
  ASSERT_LT(bomb.body.size(), kMegabyte);
  ExpectTooLarge(announced);
  malloc_trim(0);
  ResetPeak();
  const size_t before = Memory("VmRSS");
  ExpectTooLarge(announced);
  ExpectTooLarge(unannounced);
  ExpectTooLarge(bomb);
  // Allows for twice the cap while a body grows, and for gateways and servers that start and stop,
  // but not for a whole unpacked reply.
  const size_t growth = std::max(Memory("VmHWM"), before) - before;
  Saw(absl::StrCat("memory grew by ", growth / kMegabyte, " MB at most"));
  EXPECT_LT(growth, kMostGrowth);

  constexpr int kDepth = 1000;
  std::string deep;
  for (int i = 0; i < kDepth; ++i) deep += R"({"payload":[)";
  for (int i = 0; i < kDepth; ++i) deep += "]}";
  ExpectUnusable(Reaction::Json(absl::StrCat("[", deep, "]")));
}

TEST_P(ReplyFaults, Case33EmptyReplies) {
  // A declared reply must be present.
  ExpectUnusable(Reaction::Json(""));
  ExpectUnusable(Reaction::Status(204, ""));
  // If no reply is declared, most content does not matter (case 55).
  for (const char* const body : {"", "{}", "junk"}) {
    ExpectOnce(Reaction::Json(body), {Delete(), CancelSubscription()}, "2xx", {});
  }
}

TEST_P(ReplyFaults, Case34StrangeHeaders) {
  // Two Content-Lengths.
  ExpectBroken(Reaction::Json(R"({"id": "1"})").With("Content-Length", "1"));
  ExpectBroken(Reaction::Json("2\r\n{}\r\n0\r\n\r\n").With("Transfer-Encoding", "chunked"));
  ExpectBroken(Reaction::Json(R"({"id": "1"})").With("A", std::string("x\0y", 3)));
  ExpectBroken(Reaction::Json(R"({"id": "1"})").With("A", "x\r\nno colon"));
  // More than 64 KB of headers, in one header or in many.
  ExpectHeadTooLarge(Reaction::Json(R"({"id": "1"})").With("A", std::string(70000, 'a')));
  Reaction many = Reaction::Json(R"({"id": "1"})");
  for (int i = 0; i < 200; ++i)
    many.headers.emplace_back(absl::StrCat("a-", i), Zeros(1) + std::string(400, 'a'));
  ExpectHeadTooLarge(many);
  // A line break within a header value: whatever happens to the reply, the injected header must not
  // reach the caller.
  Reaction crlf = Reaction::Status(429).With("A", "b\r\ngateway-attempts: injected");
  for (const Operation& operation : All()) {
    Serve([=](const Received&) { return crlf; });
    const Seen seen = Call(operation);
    EXPECT_FALSE(seen.ok());
    EXPECT_FALSE(HoldsInjection(seen)) << seen.ToString();
    ExpectFaults(seen.attempts);
    EXPECT_EQ(seen.attempts, upstream().executions());
  }
}

INSTANTIATE_TEST_SUITE_P(, ReplyFaults, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
