#include "tests/report/report.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace gateway::report {
namespace {

constexpr char kSaw[] = "saw";
constexpr char kNotProduced[] = "not_produced";

std::string PropertyOf(const testing::TestResult& result, absl::string_view key) {
  for (int i = 0; i < result.test_property_count(); ++i) {
    const testing::TestProperty& property = result.GetTestProperty(i);
    if (key == property.key()) return property.value();
  }
  return "";
}

class Rows : public testing::EmptyTestEventListener {
 public:
  explicit Rows(const List& list) : list_(list) {}

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
    const size_t number = NumberOf(name);
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
    const std::string what = number == 0 ? std::string(name) : std::string(list_.rows[number]);
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
  // Returns 12 for "Case12BodyShorter"; 0 if the test is not in the list.
  size_t NumberOf(absl::string_view test) const {
    if (!absl::ConsumePrefix(&test, list_.word)) return 0;
    const size_t number = std::strtoul(std::string(test).c_str(), nullptr, 10);
    return number < list_.rows.size() ? number : 0;
  }

  const List list_;
  int passed_ = 0;
  int failed_ = 0;
};

}  // namespace

void Saw(const std::string& what) {
  const testing::TestResult& result =
      *testing::UnitTest::GetInstance()->current_test_info()->result();
  const std::string before = PropertyOf(result, kSaw);
  if (absl::StrContains(before, what)) return;
  testing::Test::RecordProperty(kSaw, before.empty() ? what : absl::StrCat(before, "; ", what));
}

void NotProduced(const std::string& reason) { testing::Test::RecordProperty(kNotProduced, reason); }

int Run(const List& list, int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new Rows(list));
  return RUN_ALL_TESTS();
}

}  // namespace gateway::report
