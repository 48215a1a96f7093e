#include "tests/faults/report.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace gateway::faults {
namespace {

constexpr absl::string_view kMatrix[] = {
    "",
    "connection refused",
    "SYN blackhole",
    "name does not resolve",
    "DNS hangs",
    "the name's address changes mid-run",
    "bad, expired or wrong-name certificate",
    "TLS handshake stalls",
    "close on a reused connection before the reply",
    "the same, write without a body",
    "reset in the middle of the request body",
    "reset in the middle of the reply",
    "body shorter than Content-Length",
    "headers never come",
    "one byte a second",
    "reply in 1-byte slices",
    "GOAWAY or REFUSED_STREAM, not processed",
    "GOAWAY, stream processed",
    "REFUSED_STREAM for ever",
    "MAX_CONCURRENT_STREAMS = 1",
    "429 with Retry-After: 1",
    "Retry-After of an hour, negative, a date, junk",
    "500",
    "502, 503, 504 with an HTML page",
    "storm of 503",
    "400 with errors[]",
    "401 after key rotation",
    "404, 409, 412",
    "redirect elsewhere",
    "200 with invalid JSON or a wrong type",
    "unknown member, unknown enum text",
    "null for a scalar",
    "50 MB reply, gzip bomb, 1,000 levels deep",
    "empty 200, unexpected 204",
    "duplicate, CRLF or oversized headers",
    "caller cancels mid-flight",
    "deadline already past",
    "5 ms deadline",
    "invalid, oversized or truncated request",
    "ten times the capacity",
    "slow stream reader",
    "SIGTERM under load",
    "SIGKILL during a write",
    "malformed config or secret on reload",
    "HTTP/2 rapid reset by a client",
    "out of descriptors, out of memory quota",
};

constexpr char kSaw[] = "saw";
constexpr char kNotProduced[] = "not_produced";

// 12 for "Case12BodyShorter/http2"; 0: no case of the matrix.
int NumberOf(absl::string_view test) {
  if (!absl::ConsumePrefix(&test, "Case")) return 0;
  return std::atoi(std::string(test).c_str());
}

std::string PropertyOf(const testing::TestResult& result, absl::string_view key) {
  for (int i = 0; i < result.test_property_count(); ++i) {
    const testing::TestProperty& property = result.GetTestProperty(i);
    if (key == property.key()) return property.value();
  }
  return "";
}

class Rows : public testing::EmptyTestEventListener {
 public:
  void OnTestPartResult(const testing::TestPartResult& part) override {
    if (!part.failed()) return;
    std::printf("%s:%d: %s\n", part.file_name() ? part.file_name() : "?", part.line_number(),
                part.message());
  }

  void OnTestEnd(const testing::TestInfo& test) override {
    const absl::string_view full = test.name();
    const size_t slash = full.find('/');
    const absl::string_view name = full.substr(0, slash);
    const absl::string_view wire = slash == full.npos ? "-" : full.substr(slash + 1);
    const int number = NumberOf(name);
    const testing::TestResult& result = *test.result();
    const std::string reason = PropertyOf(result, kNotProduced);
    const char* verdict = "passed";
    if (result.Failed()) {
      verdict = "FAILED";
      ++failed_;
    } else if (!reason.empty()) {
      verdict = "not produced";
    } else {
      ++passed_;
    }
    const std::string what = number == 0 ? std::string(name) : std::string(WordsOf(number));
    const std::string label = number == 0 ? "-" : absl::StrCat(number);
    const std::string rest = reason.empty() ? "  " + PropertyOf(result, kSaw) : ": " + reason;
    std::printf("%2s  %-48s %-5s  %s%s\n", label.c_str(), what.c_str(), std::string(wire).c_str(),
                verdict, rest.c_str());
    std::fflush(stdout);
  }

  void OnTestProgramEnd(const testing::UnitTest&) override {
    std::printf("%d passed, %d failed\n", passed_, failed_);
  }

 private:
  int passed_ = 0;
  int failed_ = 0;
};

}  // namespace

absl::string_view WordsOf(int number) {
  const bool known = number > 0 && number < static_cast<int>(std::size(kMatrix));
  return known ? kMatrix[number] : "";
}

void Saw(const std::string& what) {
  const testing::TestResult& result =
      *testing::UnitTest::GetInstance()->current_test_info()->result();
  const std::string before = PropertyOf(result, kSaw);
  if (absl::StrContains(before, what)) return;
  testing::Test::RecordProperty(kSaw, before.empty() ? what : absl::StrCat(before, "; ", what));
}

void NotProduced(const std::string& reason) { testing::Test::RecordProperty(kNotProduced, reason); }

int RunCases(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new Rows);
  return RUN_ALL_TESTS();
}

}  // namespace gateway::faults
