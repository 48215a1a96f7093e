// Checks the README and the documents below: their commands work as pasted, and the targets, paths
// and files that they name exist.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tests/docs/markdown.h"
#include "tests/service/child_process.h"
#include "tests/service/local_stack.h"
#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = SOURCE_DIR;

std::string ReadFile(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << path;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

std::vector<std::string> Split(absl::string_view text, absl::string_view separator) {
  return absl::StrSplit(text, separator, absl::SkipEmpty());
}

// The documents that are checked, in the order in which people are told to read them.
const std::vector<std::string> kDocuments = {
    "README.md",         "docs/try-it.md",        "docs/calling.md",   "docs/webhooks.md",
    "docs/providers.md", "docs/configuration.md", "docs/upgrading.md", "docs/authorization.md",
    "docs/deploying.md", "docs/changing.md"};

std::string Documents() {
  std::string all;
  for (const std::string& document : kDocuments) {
    absl::StrAppend(&all, ReadFile(kSource / document), "\n");
  }
  return all;
}

std::vector<std::string> ShellCommands(absl::string_view word) {
  std::vector<std::string> all;
  for (const std::string& block : FencedBlocks(Documents(), "sh")) {
    for (std::string& command : Commands(block, word)) all.push_back(std::move(command));
  }
  return all;
}

// Returns a PATH on which grpcurl is found: the installed one, or build/grpc-call under its name.
std::string PathWithGrpcurl(const TempDir& directory) {
  std::string path(absl::NullSafeStringView(getenv("PATH")));
  const Ended real = RunProgram({"sh", "-c", "command -v grpcurl"});
  std::cout << "grpcurl is " << (real.exit_code == 0 ? real.out : "build/grpc-call\n");
  if (real.exit_code == 0) return path;
  fs::create_symlink(BUILD_DIR "/grpc-call", directory.Path("grpcurl"));
  return absl::StrCat(directory.Path(), ":", path);
}

bool PrintsJson(const std::string& recipe) {
  return !std::regex_search(recipe, std::regex(R"( -v |:\d+ (list|describe)\b)"));
}

// Whether the text is one JSON value or several, as a stream prints them.
bool AreJson(const std::string& text) {
  std::istringstream stream(text);
  bool any = false;
  while (stream >> std::ws && !stream.eof()) {
    try {
      nlohmann::json value;
      stream >> value;
    } catch (const nlohmann::json::exception&) {
      return false;
    }
    any = true;
  }
  return any;
}

// Runs the recipes in the order of the text on one fresh sandbox, because a recipe may need the
// results of an earlier one.
TEST(ReadmeTest, EveryRecipeRunsAsPasted) {
  TempDir directory;
  const std::string path = "PATH=" + PathWithGrpcurl(directory);
  LocalStack stack(BUILD_DIR);
  const std::vector<std::string> recipes = ShellCommands("grpcurl");
  EXPECT_GE(recipes.size(), 10u);
  for (const std::string& recipe : recipes) {
    EXPECT_TRUE(absl::StrContains(recipe, "127.0.0.1:50051")) << recipe;
    const Ended ended = RunProgram(
        {"bash", "-c", absl::StrReplaceAll(recipe, {{"127.0.0.1:50051", stack.address()}})},
        {path});
    EXPECT_EQ(ended.exit_code, 0) << recipe << "\n" << ended.err;
    if (PrintsJson(recipe)) {
      EXPECT_TRUE(AreJson(ended.out)) << recipe << "\n" << ended.out;
    } else {
      EXPECT_NE(ended.out, "") << recipe;
    }
  }
  std::cout << recipes.size() << " recipes were run\n";
}

TEST(ReadmeTest, ListsTheKeysOfTheConfigurationAsTheBinaryDoes) {
  EXPECT_EQ(Between(Documents(), "config-keys"),
            RunProgram({BUILD_DIR "/billing-gateway", "--config-keys"}).out)
      << "put the output of `build/billing-gateway --config-keys` between the lines "
         "<!-- config-keys --> and <!-- /config-keys --> of docs/configuration.md";
}

std::set<std::string> MakeTargets() {
  std::set<std::string> targets;
  const std::regex rule("^([a-z][a-z0-9-]*):([^=]|$)");
  for (const std::string& line : Split(ReadFile(kSource / "Makefile"), "\n")) {
    if (std::smatch match; std::regex_search(line, match, rule)) targets.insert(match[1]);
  }
  return targets;
}

TEST(ReadmeTest, NamesOnlyMakeTargetsThatExist) {
  std::vector<std::string> commands = ShellCommands("make");
  for (std::string& span : CodeSpans(Documents())) {
    if (absl::StartsWith(span, "make ")) commands.push_back(std::move(span));
  }
  EXPECT_FALSE(commands.empty());
  const std::set<std::string> targets = MakeTargets();
  for (const std::string& command : commands) {
    for (absl::string_view word : absl::StrSplit(absl::StripPrefix(command, "make "), ' ')) {
      if (absl::StrContains(word, "=")) continue;
      if (absl::StartsWith(word, "#")) break;
      EXPECT_EQ(targets.count(std::string(word)), 1u) << command;
    }
  }
}

TEST(ReadmeTest, MakeHelpListsEveryTarget) {
  const std::string help = RunProgram({"make", "-s", "-C", SOURCE_DIR, "help"}).out;
  EXPECT_GE(MakeTargets().size(), 5u);
  for (const std::string& target : MakeTargets()) {
    EXPECT_TRUE(absl::StrContains(help, absl::StrCat("make ", target, " "))) << target;
  }
}

TEST(ReadmeTest, LinksToWhatExists) {
  for (const std::string& document : kDocuments) {
    const fs::path folder = (kSource / document).parent_path();
    for (const std::string& link : RelativeLinks(ReadFile(kSource / document))) {
      EXPECT_TRUE(fs::exists(folder / link)) << document << ": " << link;
    }
  }
}

// A code span counts as a path if it begins with a folder of the project's root.
TEST(ReadmeTest, NamesOnlyPathsThatExist) {
  int paths = 0;
  for (const std::string& span : CodeSpans(Documents())) {
    if (!std::regex_match(span, std::regex(R"([\w.-]+/[\w./-]*)"))) continue;
    if (!fs::is_directory(kSource / span.substr(0, span.find('/')))) continue;
    if (absl::StartsWith(span, "build/")) {
      EXPECT_TRUE(fs::exists(fs::path(BUILD_DIR) / span.substr(6))) << span;
    } else {
      EXPECT_TRUE(fs::exists(kSource / span)) << span;
    }
    ++paths;
  }
  EXPECT_GT(paths, 0);
}

// Whether the folder has this file or folder ("mapping/"), or a .h or .cc of this name ("config").
bool IsThere(const fs::path& folder, const std::string& name) {
  return fs::exists(folder / name) || fs::exists(folder / (name + ".h")) ||
         fs::exists(folder / (name + ".cc"));
}

// Checks the blocks whose lines are "folder/   name, name   description": both the folder and the
// names must exist.
TEST(ReadmeTest, DrawsTheFoldersAsTheyAre) {
  int names = 0;
  for (const std::string& block : FencedBlocks(Documents(), "")) {
    fs::path folder;
    for (const std::string& line : Split(block, "\n")) {
      std::smatch columns;
      if (!std::regex_match(line, columns, std::regex(R"(([\w/]+/)? +(\S+(?: \S+)*)(?:  .*)?)")))
        continue;
      if (columns[1].matched) folder = kSource / columns[1].str();
      if (folder.empty()) continue;
      EXPECT_TRUE(fs::is_directory(folder)) << line;
      const std::string second = columns[2];
      if (!std::regex_match(second, std::regex(R"([\w./]+(, [\w./]+)*)"))) continue;
      for (const std::string& name : Split(second, ", ")) {
        EXPECT_TRUE(IsThere(folder, name)) << line;
        ++names;
      }
    }
  }
  EXPECT_GE(names, 10);
}

}  // namespace
}  // namespace gateway
