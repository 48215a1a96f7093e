// Checks every shell script of the project without running it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tests/service/child_process.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;

// Finds scripts by their first line, in the folders that contain scripts.
std::vector<std::string> Scripts() {
  std::vector<std::string> scripts;
  for (const char* folder : {".ci", "deploy", "tests", "tools"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(SOURCE_DIR) / folder)) {
      if (!entry.is_regular_file()) continue;
      std::string line;
      std::ifstream stream(entry.path());
      std::getline(stream, line);
      if (absl::StartsWith(line, "#!") && absl::EndsWith(line, "sh")) {
        scripts.push_back(entry.path());
      }
    }
  }
  return scripts;
}

TEST(ScriptsTest, AreExecutableAndParse) {
  EXPECT_GE(Scripts().size(), 3u);
  for (const std::string& script : Scripts()) {
    const auto permissions = fs::status(script).permissions();
    EXPECT_NE(permissions & fs::perms::owner_exec, fs::perms::none) << script;
    const Ended parsed = RunProgram({"bash", "-n", script});
    EXPECT_EQ(parsed.exit_code, 0) << parsed.err;
  }
}

#ifdef SHELLCHECK
TEST(ScriptsTest, ShellCheckFindsNothing) {
  for (const std::string& script : Scripts()) {
    const Ended checked = RunProgram({SHELLCHECK, script});
    EXPECT_EQ(checked.exit_code, 0) << checked.out;
  }
}
#endif

}  // namespace
}  // namespace gateway
