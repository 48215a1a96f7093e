#include "upstream/mapping/path_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace gateway::mapping {
namespace {

// Returns "literal<field>literal<field>", or the error.
std::string Parsed(absl::string_view text) {
  const auto parsed = PathTemplate::Parse(text);
  if (!parsed.ok()) return std::string(parsed.status().message());
  std::string out;
  for (const PathTemplate::Part& part : parsed->parts) {
    absl::StrAppend(&out, part.literal, part.field.empty() ? "" : "<", part.field,
                    part.field.empty() ? "" : ">");
  }
  return out;
}

TEST(PathTemplateTest, SplitsLiteralsAndFields) {
  EXPECT_EQ(Parsed("/v1"), "/v1");
  EXPECT_EQ(Parsed("/v1/stands/{stand_id}"), "/v1/stands/<stand_id>");
  EXPECT_EQ(Parsed("/{a}/{b}"), "/<a>/<b>");
  EXPECT_EQ(Parsed("/{a}/b/{c}/d"), "/<a>/b/<c>/d");
  EXPECT_EQ(Parsed("/A-z._~$@:0/x:cancel"), "/A-z._~$@:0/x:cancel");
  EXPECT_EQ(Parsed("/v1.2/..."), "/v1.2/...");
}

TEST(PathTemplateTest, EndsWithAFieldOrALiteral) {
  EXPECT_EQ(PathTemplate::Parse("/a/{b}")->parts.size(), 1u);
  EXPECT_EQ(PathTemplate::Parse("/a/{b}/c")->parts.size(), 2u);
  EXPECT_EQ(PathTemplate::Parse("/a/{b}/c")->parts[1].field, "");
}

struct BadCase {
  const char* text;
  int column;
  const char* expected;
};

TEST(PathTemplateTest, TellsWhereItEndedToBeOne) {
  constexpr BadCase kCases[] = {
      {"", 1, "\"/\""},
      {"v1", 1, "\"/\""},
      {"/", 2, "a path segment"},
      {"//a", 2, "a path segment"},
      {"/a/", 4, "a path segment"},
      {"/a//b", 4, "a path segment"},
      {"/{a", 4, "\"}\""},
      {"/{a/b}", 4, "\"}\""},
      {"/{}", 3, "a field name"},
      {"/{a.b}", 4, "\"}\""},
      {"/{a=*}", 4, "\"}\""},
      {"/{a}b", 5, "\"/\""},
      {"/{a}:cancel", 5, "\"/\""},
      {"/a{b}", 3, "\"/\""},
      {"/{a}{b}", 5, "\"/\""},
      {"/a?b=c", 3, "\"/\""},
      {"/a b", 3, "\"/\""},
      {"/*", 2, "a path segment"},
      {"/%41", 2, "a path segment"},
      {"/a#b", 3, "\"/\""},
      {"/..", 2, "a path segment"},
      {"/a/./b", 4, "a path segment"},
      {"/a/../{b}", 4, "a path segment"},
  };
  for (const BadCase& c : kCases) {
    EXPECT_EQ(Parsed(c.text), absl::StrCat("path template \"", c.text, "\", column ", c.column,
                                           ": expected ", c.expected));
  }
}

}  // namespace
}  // namespace gateway::mapping
