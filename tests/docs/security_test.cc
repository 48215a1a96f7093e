// SECURITY.md names every attack that tests/security has a test for, and only files that exist.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace gateway {
namespace {

namespace fs = std::filesystem;

const fs::path kTree = SOURCE_DIR;

std::string TextOf(const fs::path& path) {
  std::ifstream stream(path);
  EXPECT_TRUE(stream.is_open()) << path;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

std::set<int> AttacksIn(const fs::path& folder) {
  std::set<int> attacks;
  const std::regex test(R"(TEST_F\(\w+, Attack(\d+)[A-Z]\w+\))");
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.path().extension() != ".cc") continue;
    const std::string text = TextOf(file.path());
    for (std::sregex_iterator it(text.begin(), text.end(), test), end; it != end; ++it) {
      EXPECT_TRUE(attacks.insert(std::stoi((*it)[1])).second) << "twice: " << (*it)[0];
    }
  }
  return attacks;
}

// Returns the attacks that texts such as "attacks 1 to 5, 10, 12" and "attack 11" name.
std::set<int> AttacksNamed(const std::string& text) {
  std::set<int> attacks;
  const std::regex list(R"(attacks? ([0-9]+(?: to [0-9]+)?(?:, [0-9]+(?: to [0-9]+)?)*))");
  const std::regex part(R"((\d+)(?: to (\d+))?)");
  for (std::sregex_iterator it(text.begin(), text.end(), list), end; it != end; ++it) {
    const std::string numbers = (*it)[1];
    for (std::sregex_iterator p(numbers.begin(), numbers.end(), part); p != end; ++p) {
      const int first = std::stoi((*p)[1]);
      const int last = (*p)[2].matched ? std::stoi((*p)[2]) : first;
      for (int i = first; i <= last; ++i) attacks.insert(i);
    }
  }
  return attacks;
}

TEST(SecurityTest, NamesEveryAttackAndNoOther) {
  const std::set<int> there = AttacksIn(kTree / "tests/security");
  EXPECT_GE(there.size(), 30u);
  EXPECT_EQ(AttacksNamed(TextOf(kTree / "SECURITY.md")), there);
}

TEST(SecurityTest, NamesFilesThatAreThere) {
  const std::string text = TextOf(kTree / "SECURITY.md");
  const std::regex path(R"(`((?:deploy|tests|tools)/[\w/.-]+)`)");
  int found = 0;
  for (std::sregex_iterator it(text.begin(), text.end(), path), end; it != end; ++it, ++found) {
    EXPECT_TRUE(fs::exists(kTree / (*it)[1].str())) << (*it)[1];
  }
  EXPECT_GE(found, 8);
}

}  // namespace
}  // namespace gateway
