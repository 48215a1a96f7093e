#include "tests/left_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <string>

namespace gateway {
namespace {

int left_out = 0;

std::string NameOfTest() {
  const testing::TestInfo* const test = testing::UnitTest::GetInstance()->current_test_info();
  return test == nullptr ? "" : std::string(test->test_suite_name()) + "." + test->name();
}

}  // namespace

void LeaveOut(absl::string_view why) {
  ++left_out;
  std::cout << "left out: " << NameOfTest() << ": " << why << std::endl;
}

}  // namespace gateway

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  const int code = RUN_ALL_TESTS();
  return code == 0 && gateway::left_out > 0 ? gateway::kLeftOutCode : code;
}
