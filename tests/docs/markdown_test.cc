#include "tests/docs/markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kText[] = R"(# Title
See `make run` and [this](docs/a.md#part), not [that](https://x.y/z) or [here](#part).
```sh
make test
```
```
`no span` [no link](x)
```
```json
{}
```
<!-- keys -->
| a |
| b |
<!-- /keys -->
[dir](deploy/config "title") `a/b`
)";

TEST(MarkdownTest, FindsBlocksByTheirKind) {
  EXPECT_THAT(FencedBlocks(kText, "sh"), ElementsAre("make test\n"));
  EXPECT_THAT(FencedBlocks(kText, ""), ElementsAre("`no span` [no link](x)\n"));
  EXPECT_THAT(FencedBlocks(kText, "json"), ElementsAre("{}\n"));
  EXPECT_THAT(FencedBlocks(kText, "c++"), IsEmpty());
}

TEST(MarkdownTest, JoinsTheLinesOfACommand) {
  EXPECT_THAT(
      Commands(R"(grpcurl list
make x
grpcurl -d '{
  "a": "\"b\""
}' \
  host method
grpcurls no
grpcurl "it's"
)",
               "grpcurl"),
      ElementsAre("grpcurl list", "grpcurl -d '{\n  \"a\": \"\\\"b\\\"\"\n}' \\\n  host method",
                  "grpcurl \"it's\""));
  EXPECT_THAT(Commands("grpcurl '{\nmake x\n", "grpcurl"), ElementsAre("grpcurl '{\nmake x\n"));
}

TEST(MarkdownTest, FindsSpansAndLinks) {
  EXPECT_THAT(CodeSpans(kText), ElementsAre("make run", "a/b"));
  EXPECT_THAT(RelativeLinks(kText), ElementsAre("docs/a.md", "deploy/config"));
}

TEST(MarkdownTest, FindsWhatStandsBetweenMarks) {
  EXPECT_EQ(Between(kText, "keys"), "| a |\n| b |\n");
  EXPECT_EQ(Between(kText, "other"), "");
}

}  // namespace
}  // namespace gateway
