// The program itself: exit codes, and that --check writes nothing.
#include <sys/wait.h>

#include <cstdlib>

#include "tests/tools/apigen/stand.h"
#include "tools/apigen/files.h"

namespace gateway::apigen {
namespace {

class CliTest : public StandTest {
 protected:
  int Apigen(const std::string& more) const {
    EXPECT_TRUE(WriteFile(directory / "api.json", api.dump()).ok());
    const std::string command =
        std::string(APIGEN) + " --openapi " + (directory / "api.json").string() + " --proto-dir " +
        directory.string() + " " + more + " >" + (directory / "out").string() + " 2>&1";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

TEST_F(CliTest, CheckWritesNothingAndSaysWhetherItWould) {
  EXPECT_EQ(Apigen("--package lemon.v1 --check"), 1);
  EXPECT_FALSE(HasProto("orders"));
  EXPECT_EQ(Apigen("--package lemon.v1"), 0);
  EXPECT_TRUE(HasProto("orders"));
  EXPECT_EQ(Apigen("--package lemon.v1 --check"), 0);
  Properties("OrderDto").erase("paid");
  EXPECT_EQ(Apigen("--package lemon.v1 --check"), 1);
}

TEST_F(CliTest, FailsOnWhatItCannotRead) {
  api["openapi"] = 2;
  EXPECT_EQ(Apigen("--package lemon.v1"), 2);
  EXPECT_EQ(Apigen("--package lemon.v1 --check"), 2);
}

TEST_F(CliTest, FailsOnWrongArguments) {
  EXPECT_EQ(Apigen(""), 2);
  EXPECT_EQ(Apigen("--package"), 2);
  EXPECT_EQ(Apigen("--package lemon.v1 --nonsense x"), 2);
}

}  // namespace
}  // namespace gateway::apigen
