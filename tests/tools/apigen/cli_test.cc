// The program itself: its exit codes, and that --check writes nothing.
#include <sys/wait.h>

#include <cstdlib>

#include "tests/tools/apigen/stand.h"
#include "tools/apigen/committed/files.h"

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
  EXPECT_EQ(Apigen("--package lemon.v1 --check"), 3);
  EXPECT_FALSE(HasProto("orders"));
  EXPECT_EQ(Apigen("--package lemon.v1"), 3);
  EXPECT_TRUE(HasProto("orders"));
  EXPECT_EQ(Apigen("--package lemon.v1 --check"), 0);
  EXPECT_EQ(Apigen("--package lemon.v1 --check --version another-name"), 0);
  Properties("OrderDto").erase("paid");
  EXPECT_EQ(Apigen("--package lemon.v1 --check"), 4);
}

TEST_F(CliTest, RefusesWhatItCannotRead) {
  api["openapi"] = 2;
  EXPECT_EQ(Apigen("--package lemon.v1"), 1);
  EXPECT_EQ(Apigen("--package lemon.v1 --check"), 1);
}

TEST_F(CliTest, WritesTheReportInBothForms) {
  EXPECT_EQ(Apigen("--package lemon.v1"), 3);
  Properties("OrderDto").erase("paid");
  const std::string files = " --report " + (directory / "r.md").string() + " --report-json " +
                            (directory / "r.json").string();
  EXPECT_EQ(Apigen("--package lemon.v1 --version summer" + files), 4);
  const auto markdown = ReadFile(directory / "r.md");
  ASSERT_TRUE(markdown.ok());
  EXPECT_EQ(markdown->find("# lemon.v1: summer\n\nCompared with api.\n"), 0U) << *markdown;
  const auto text = ReadFile(directory / "r.json");
  ASSERT_TRUE(text.ok());
  const Json json = Json::parse(*text);
  EXPECT_EQ(json["counts"]["breaking"], 1);
  EXPECT_EQ(json["changes"][0]["subject"], "OrderDto.paid");
  EXPECT_EQ(json["changes"][0]["breaks"], Json::array({"source"}));
  EXPECT_EQ(json["changes"][0]["rpcs"],
            Json::array({"OrdersService.List", "OrdersService.PlaceOrders"}));
}

TEST_F(CliTest, FailsOnWrongArguments) {
  EXPECT_EQ(Apigen(""), 2);
  EXPECT_EQ(Apigen("--package"), 2);
  EXPECT_EQ(Apigen("--package lemon.v1 --nonsense x"), 2);
}

}  // namespace
}  // namespace gateway::apigen
