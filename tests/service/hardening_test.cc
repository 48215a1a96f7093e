// The programs are built with the options of cmake/Harden.cmake; checked in the binaries
// themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "tests/service/child_process.h"

namespace gateway {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class HardeningTest : public testing::TestWithParam<std::string> {
 protected:
  static std::string Read(const char* what) {
    const Ended ended = RunProgram({"readelf", "-W", what, GetParam()});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return ended.out;
  }
};

TEST_P(HardeningTest, CanBeLoadedAnywhere) {
  EXPECT_THAT(Read("-h"), ContainsRegex("Type: +DYN"));
  EXPECT_THAT(Read("-d"), ContainsRegex("FLAGS_1.*PIE"));
}

TEST_P(HardeningTest, HasNoWritableTablesOfFunctions) {
  EXPECT_THAT(Read("-l"), HasSubstr("GNU_RELRO"));
  EXPECT_THAT(Read("-d"), ContainsRegex("FLAGS_1.*NOW"));
}

TEST_P(HardeningTest, ExecutesNoStack) {
  const std::string segments = Read("-l");
  EXPECT_THAT(segments, ContainsRegex("GNU_STACK.* RW "));
  EXPECT_THAT(segments, Not(ContainsRegex("GNU_STACK.* RWE ")));
  EXPECT_THAT(segments, Not(ContainsRegex("LOAD.* RWE ")));
}

TEST_P(HardeningTest, ChecksItsStackAndItsCopies) {
  const std::string symbols = Read("--dyn-syms");
  EXPECT_THAT(symbols, HasSubstr("__stack_chk_fail"));
  if (std::string(SANITIZE).empty()) {
    EXPECT_THAT(symbols, ContainsRegex("__[a-z]+_chk"));
  }
}

// libstdc++ calls this function if an index or an iterator is wrong.
TEST_P(HardeningTest, ChecksIndicesAndIterators) {
  EXPECT_THAT(Read("--dyn-syms"), HasSubstr("__glibcxx_assert_fail"));
}

#ifdef __x86_64__
// Checks main(), which is the project's own code. The file as a whole lacks the mark, because
// embedded data and some libraries do not have it.
TEST_P(HardeningTest, MarksWhereJumpsMayLand) {
  const Ended code = RunProgram({"objdump", "-d", "--disassemble=main", GetParam()});
  EXPECT_EQ(code.exit_code, 0) << code.err;
  EXPECT_THAT(code.out, HasSubstr("endbr64"));
}
#endif

INSTANTIATE_TEST_SUITE_P(, HardeningTest,
                         testing::ValuesIn(std::vector<std::string>(absl::StrSplit(PROGRAMS, ','))),
                         [](const auto& info) {
                           std::string name = info.param.substr(info.param.rfind('/') + 1);
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace gateway
