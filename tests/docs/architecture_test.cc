// Checks docs/architecture.md: its paths exist, every room is in its table, no #include violates
// the table's direction, no folder has more sources than the page allows, and each type has a name
// of its own. The allowed directions are read from the page itself.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/docs/markdown.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SOURCE_DIR;

std::string Read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << path;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

std::string Page() { return Read(kRoot / "docs/architecture.md"); }

// Reads the table "room | what stands there | may use". A room is a folder ("service/log/") or a
// few headers. The first path of a row is the room's name.
class Rooms {
 public:
  explicit Rooms(const std::string& page) {
    bool in_table = false;
    for (const absl::string_view line : absl::StrSplit(page, '\n')) {
      const std::vector<std::string> cells = absl::StrSplit(line, '|');
      if (absl::StartsWith(line, "| room |")) {
        in_table = true;
      } else if (in_table && cells.size() == 5 && !absl::StartsWith(line, "| ---")) {
        const std::vector<std::string> paths = CodeSpans(cells[1]);
        EXPECT_FALSE(paths.empty()) << line;
        if (paths.empty()) continue;
        for (const std::string& path : paths) room_of_path_[path] = paths.front();
        order_.push_back(paths.front());
        uses_[paths.front()] = CodeSpans(cells[3]);
      } else if (!absl::StartsWith(line, "|")) {
        in_table = false;
      }
    }
  }

  // Returns the rooms in the order of the page.
  const std::vector<std::string>& order() const { return order_; }

  // Returns the rooms that this room's row lists as usable.
  std::vector<std::string> Uses(const std::string& room) const {
    const auto row = uses_.find(room);
    return row == uses_.end() ? std::vector<std::string>() : row->second;
  }

  // Returns the room and everything that it may use, directly or indirectly.
  std::set<std::string> Reach(const std::string& room) const {
    std::set<std::string> reached;
    std::vector<std::string> next = {room};
    while (!next.empty()) {
      const std::string one = next.back();
      next.pop_back();
      if (!reached.insert(one).second) continue;
      for (const std::string& used : Uses(one)) next.push_back(used);
    }
    return reached;
  }

  // Returns the room of a source: the longest matching path decides, and a .cc belongs with its
  // header. "" if there is none.
  std::string Of(const std::string& file) const {
    const std::string header = fs::path(file).replace_extension(".h");
    size_t length = 0;
    std::string room;
    for (const auto& [path, candidate] : room_of_path_) {
      const bool there = absl::EndsWith(path, "/") ? absl::StartsWith(file, path) : header == path;
      if (!there || path.size() < length) continue;
      length = path.size();
      room = candidate;
    }
    return room;
  }

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::string> room_of_path_;
  std::map<std::string, std::vector<std::string>> uses_;
};

struct Include {
  std::string from;
  std::string to;
};

bool IsSource(const fs::path& path) {
  return path.extension() == ".h" || path.extension() == ".cc";
}

using Folders = std::vector<std::string>;

std::vector<std::string> Sources(const Folders& folders = {"service", "upstream"}) {
  std::vector<std::string> sources;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      if (entry.is_regular_file() && IsSource(entry.path())) {
        sources.push_back(entry.path().lexically_relative(kRoot));
      }
    }
  }
  return sources;
}

// Returns the #includes of the project's sources, also those of tests and tools, which the gateway
// must not use.
std::vector<Include> Includes() {
  const std::regex include(R"re(#include "((?:service|upstream|tests|tools)/[^"]+)")re");
  std::vector<Include> includes;
  for (const std::string& source : Sources()) {
    const std::string text = Read(kRoot / source);
    for (std::sregex_iterator it(text.begin(), text.end(), include), end; it != end; ++it) {
      includes.push_back({source, (*it)[1]});
    }
  }
  return includes;
}

TEST(ArchitectureTest, NamesOnlyPathsThatExist) {
  int paths = 0;
  for (const std::string& span : CodeSpans(Page())) {
    if (!std::regex_match(span, std::regex(R"([\w.-]+/[\w./-]*)"))) continue;
    EXPECT_TRUE(fs::exists(kRoot / span)) << span;
    ++paths;
  }
  EXPECT_GE(paths, 50);
  for (const std::string& link : RelativeLinks(Page())) {
    EXPECT_TRUE(fs::exists(kRoot / "docs" / link)) << link;
  }
}

TEST(ArchitectureTest, EveryFolderWithSourcesIsARoomOfTheTable) {
  const Rooms rooms(Page());
  std::set<std::string> folders;
  for (const std::string& source : Sources()) {
    folders.insert(absl::StrCat(fs::path(source).parent_path().string(), "/"));
  }
  EXPECT_GE(folders.size(), 15u);
  for (const std::string& folder : folders) {
    EXPECT_EQ(rooms.Of(absl::StrCat(folder, "any.h")), folder);
  }
}

// Each row uses only rows above it, so there is no cycle.
TEST(ArchitectureTest, TheTableHasOneDirection) {
  const Rooms rooms(Page());
  std::set<std::string> above;
  for (const std::string& room : rooms.order()) {
    for (const std::string& used : rooms.Uses(room)) {
      EXPECT_EQ(above.count(used), 1u) << room << " uses " << used;
    }
    EXPECT_TRUE(above.insert(room).second) << room << " is there twice";
  }
}

TEST(ArchitectureTest, NoIncludeGoesAgainstTheTable) {
  const Rooms rooms(Page());
  const std::vector<Include> includes = Includes();
  EXPECT_GE(includes.size(), 300u);
  for (const Include& include : includes) {
    const std::string to = rooms.Of(include.to);
    EXPECT_EQ(rooms.Reach(rooms.Of(include.from)).count(to), 1u)
        << include.from << " includes " << include.to << ", which its room may not use";
  }
}

// Every permission in the table is used.
TEST(ArchitectureTest, EveryUseOfTheTableIsThere) {
  const Rooms rooms(Page());
  std::set<std::pair<std::string, std::string>> used;
  for (const Include& include : Includes()) {
    used.emplace(rooms.Of(include.from), rooms.Of(include.to));
  }
  for (const std::string& room : rooms.order()) {
    for (const std::string& other : rooms.Uses(room)) {
      EXPECT_EQ(used.count({room, other}), 1u) << room << " includes nothing of " << other;
    }
  }
}

TEST(ArchitectureTest, NoFolderHasMoreSourcesThanThePageAllows) {
  const std::string page = Page();
  std::smatch allowed;
  ASSERT_TRUE(std::regex_search(page, allowed, std::regex(R"(at most (\d+) `\.cc` files)")));
  std::map<std::string, int> files_of_folder;
  for (const std::string& source : Sources({"service", "upstream", "tools", "tests"})) {
    if (absl::EndsWith(source, ".cc")) ++files_of_folder[fs::path(source).parent_path()];
  }
  EXPECT_GE(files_of_folder.size(), 60u);
  for (const auto& [folder, files] : files_of_folder) {
    EXPECT_LE(files, std::stoi(allowed[1])) << folder;
  }
}

// Returns "namespace::Name" of each type that a source defines in a named namespace. Types within
// another type or a function are left out: their lines are indented.
std::vector<std::string> TypesOf(const std::string& text) {
  const std::regex opens(R"(namespace ?([\w:]*) \{)");
  const std::regex defines(
      R"((?:class|struct|enum|enum class) (\w+)(?: final)?(?: : [^;]*)? \{.*)");
  std::vector<std::string> types;
  std::vector<std::string> namespaces;
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (const std::string& line : lines) {
    std::smatch match;
    if (std::regex_match(line, match, opens)) {
      namespaces.push_back(match[1]);
    } else if (absl::StartsWith(line, "}  // namespace") && !namespaces.empty()) {
      namespaces.pop_back();
    } else if (!namespaces.empty() && !namespaces.back().empty() &&
               std::regex_match(line, match, defines)) {
      types.push_back(absl::StrCat(namespaces.back(), "::", match[1].str()));
    }
  }
  return types;
}

// If two sources define a type of one name, the linker keeps only one of two functions with equal
// names, and reports nothing. Once, the destructor of one type was called for the other type.
TEST(ArchitectureTest, NoTwoSourcesDefineATypeOfOneName) {
  std::map<std::string, std::string> source_of_type;
  for (const std::string& source : Sources()) {
    for (const std::string& type : TypesOf(Read(kRoot / source))) {
      const auto [before, is_new] = source_of_type.emplace(type, source);
      EXPECT_TRUE(is_new) << type << " is defined in " << before->second << " and " << source;
    }
  }
  EXPECT_GE(source_of_type.size(), 300u);
}

TEST(ArchitectureTest, TheReadmeAndDecisionsLinkIt) {
  const std::string link = "architecture.md)";
  EXPECT_TRUE(absl::StrContains(Read(kRoot / "README.md"), absl::StrCat("](docs/", link)));
  int decisions = 0;
  for (const auto& entry : fs::directory_iterator(kRoot / "docs/adr")) {
    const std::string text = Read(entry.path());
    decisions += absl::StrContains(text, absl::StrCat("](../", link));
    for (const std::string& target : RelativeLinks(text)) {
      EXPECT_TRUE(fs::exists(entry.path().parent_path() / target))
          << entry.path() << ": " << target;
    }
  }
  EXPECT_GE(decisions, 3);
}

}  // namespace
}  // namespace gateway
