#include "service/config/config_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace gateway {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

struct Settings {
  std::string name = "none";
  bool flag = false;
  int64_t count = 5;
  double share = 0.25;
  absl::Duration wait = absl::Seconds(1);
  std::string nested = "inner";
  std::map<std::string, std::string> entries;
};

Settings ReadSettings(ConfigReader::Section root) {
  Settings settings;
  root.Read("name", "A name.", settings.name);
  root.Read("flag", "A flag.", settings.flag);
  root.Read("count", "A count.", settings.count, -1, 10);
  root.Read("share", "A share.", settings.share, 0, 1);
  root.Read("wait", "A wait.", settings.wait, absl::Milliseconds(100));
  {
    ConfigReader::Section child = root.Child("child", "A section.");
    child.Read("nested", "Nested.", settings.nested);
  }
  root.Each("entries", "entry", "Named ones.",
            [&](const std::string& name, ConfigReader::Section& entry) {
              std::string value;
              entry.Read("value", "Its value.", value);
              if (entry.present()) settings.entries[name] = value;
            });
  return settings;
}

// Returns the errors for a file with these contents, one per line, without the file's name.
std::string Errors(const json& root) {
  ConfigReader reader("f", root);
  ReadSettings(reader.Root());
  return std::string(reader.status().message());
}

TEST(ConfigReaderTest, KeepsDefaultsOfWhatIsNotThere) {
  ConfigReader reader("f", json::object());
  const Settings settings = ReadSettings(reader.Root());
  EXPECT_TRUE(reader.status().ok());
  EXPECT_EQ(settings.name, "none");
  EXPECT_FALSE(settings.flag);
  EXPECT_EQ(settings.count, 5);
  EXPECT_EQ(settings.share, 0.25);
  EXPECT_EQ(settings.wait, absl::Seconds(1));
  EXPECT_EQ(settings.nested, "inner");
  EXPECT_THAT(settings.entries, IsEmpty());
}

TEST(ConfigReaderTest, ReadsEveryKind) {
  ConfigReader reader("f", json::parse(R"({
    "name": "n", "flag": true, "count": -1, "share": 1, "wait": "1m30s", "child": {"nested": "x"},
    "entries": {"a": {"value": "1"}, "b": {}}})"));
  const Settings settings = ReadSettings(reader.Root());
  EXPECT_EQ(reader.status(), absl::OkStatus());
  EXPECT_EQ(settings.name, "n");
  EXPECT_TRUE(settings.flag);
  EXPECT_EQ(settings.count, -1);
  EXPECT_EQ(settings.share, 1);
  EXPECT_EQ(settings.wait, absl::Seconds(90));
  EXPECT_EQ(settings.nested, "x");
  EXPECT_THAT(settings.entries, ElementsAre(testing::Pair("a", "1"), testing::Pair("b", "")));
}

TEST(ConfigReaderTest, RefusesWhatIsNoObject) {
  for (const char* text : {"[]", "null", "1", "\"x\""}) {
    EXPECT_EQ(Errors(json::parse(text)), "f: expected a JSON object") << text;
  }
}

TEST(ConfigReaderTest, NamesFileKeyAndReason) {
  const struct {
    const char* text;
    const char* error;
  } kRows[] = {
      {R"({"name": 1})", "f: name: expected a string"},
      {R"({"name": null})", "f: name: expected a string"},
      {R"({"flag": "true"})", "f: flag: expected true or false"},
      {R"({"flag": 1})", "f: flag: expected true or false"},
      {R"({"count": "5"})", "f: count: expected a whole number from -1 to 10"},
      {R"({"count": 5.0})", "f: count: expected a whole number from -1 to 10"},
      {R"({"share": "0.5"})", "f: share: expected a number from 0 to 1"},
      {R"({"share": -0.01})", "f: share: expected a number from 0 to 1"},
      {R"({"share": 1.01})", "f: share: expected a number from 0 to 1"},
      {R"({"share": true})", "f: share: expected a number from 0 to 1"},
      {R"({"count": 11})", "f: count: expected a whole number from -1 to 10"},
      {R"({"count": -2})", "f: count: expected a whole number from -1 to 10"},
      {R"({"count": 18446744073709551615})", "f: count: expected a whole number from -1 to 10"},
      {R"({"child": []})", "f: child: expected an object"},
      {R"({"child": {"nested": 1}})", "f: child.nested: expected a string"},
      {R"({"child": {"other": 1}})", "f: child.other: unknown key"},
      {R"({"entries": "x"})", "f: entries: expected an object"},
      {R"({"entries": {"a": 1}})", "f: entries.a: expected an object"},
      {R"({"entries": {"a": {"value": 1}}})", "f: entries.a.value: expected a string"},
      {R"({"entries": {"a": {"valu": "1"}}})", "f: entries.a.valu: unknown key"},
      {R"({"Name": "x"})", "f: Name: unknown key"},
      {R"({"": "x"})", "f: unknown key"},
  };
  for (const auto& row : kRows) EXPECT_EQ(Errors(json::parse(row.text)), row.error) << row.text;
}

TEST(ConfigReaderTest, ReadsDurationsWithAUnit) {
  for (const char* good : {"100ms", "1.5s", "2h3m", "100000us"}) {
    EXPECT_EQ(Errors({{"wait", good}}), "") << good;
  }
  for (const char* bad : {"", "5", "s", "5 s", " 5s", "-5s", "inf", "5d", "9999999999999999h"}) {
    EXPECT_EQ(Errors({{"wait", bad}}),
              R"(f: wait: expected a duration such as "250ms", "30s" or "5m")")
        << bad;
  }
  EXPECT_EQ(Errors({{"wait", 5}}),
            R"(f: wait: expected a duration such as "250ms", "30s" or "5m")");
  for (const char* low : {"99ms", "0", "0s"}) {
    EXPECT_EQ(Errors({{"wait", low}}), "f: wait: must be at least 100ms") << low;
  }
}

TEST(ConfigReaderTest, TellsAllErrorsAtOnce) {
  EXPECT_EQ(Errors(json::parse(R"({"name": 1, "count": "x", "child": {"a": 1, "b": 2}, "z": 0})")),
            "f: name: expected a string\n"
            "f: count: expected a whole number from -1 to 10\n"
            "f: child.a: unknown key\n"
            "f: child.b: unknown key\n"
            "f: z: unknown key");
}

TEST(ConfigReaderTest, ListsEveryKeyOnceWhateverTheFileHas) {
  const auto paths = [](const json& root) {
    ConfigReader reader("f", root);
    ReadSettings(reader.Root());
    std::vector<std::string> lines;
    for (const ConfigReader::Key& key : reader.keys()) {
      lines.push_back(key.path + " = " + key.default_value + " (" + key.documentation + ")");
    }
    return lines;
  };
  const auto expected =
      ElementsAre("name = \"none\" (A name.)", "flag = false (A flag.)", "count = 5 (A count.)",
                  "share = 0.25 (A share.)", "wait = \"1s\" (A wait.)", "child =  (A section.)",
                  "child.nested = \"inner\" (Nested.)", "entries =  (Named ones.)",
                  "entries.<entry>.value = \"\" (Its value.)");
  EXPECT_THAT(paths(json::object()), expected);
  EXPECT_THAT(paths(json::parse(R"({"entries": {"a": {}, "b": {}}, "count": 7})")), expected);
}

TEST(ConfigReaderTest, ASectionKnowsWhetherTheFileHasIt) {
  ConfigReader reader("f", json::parse(R"({"there": {}})"));
  ConfigReader::Section root = reader.Root();
  EXPECT_TRUE(root.present());
  EXPECT_TRUE(root.Child("there", "").present());
  EXPECT_FALSE(root.Child("missing", "").present());
}

TEST(ConfigReaderTest, TakesErrorsThatItsUserFound) {
  ConfigReader reader("f", json::parse(R"({"a": {}})"));
  {
    ConfigReader::Section root = reader.Root();
    ConfigReader::Section child = root.Child("a", "");
    child.Fail("b", "is required");
    child.Fail("", "is odd");
  }
  EXPECT_EQ(reader.status(), absl::InvalidArgumentError("f: a.b: is required\nf: a: is odd"));
}

// The reader keeps the values that have a rule for reloads, defaults included, each by its path.
TEST(ConfigReaderTest, KeepsTheValuesThatAReloadMayNotChangeAtWill) {
  ConfigReader reader("f", json::parse(R"({
    "free": "x", "fixed": "y", "section": {"wait": "90s"}, "entries": {"a": {"on": true}}})"));
  {
    ConfigReader::Section root = reader.Root();
    std::string text;
    root.Read("free", "Any.", text);
    root.Read("fixed", {"One.", ReloadRule::kRestart}, text);
    ConfigReader::Section section = root.Child("section", {"All.", ReloadRule::kRestart});
    absl::Duration wait;
    int64_t count = 7;
    section.Read("wait", "Inherits.", wait);
    section.Read("count", "Inherits too.", count, 0, 10);
    root.Each("entries", "entry", {"Named.", ReloadRule::kSamePresence},
              [](const std::string&, ConfigReader::Section& entry) {
                bool on = false;
                bool free = false;
                entry.Read("on", {"A check.", ReloadRule::kOffOnly}, on);
                entry.Read("free", "Does not inherit.", free);
              });
    root.Each("none", "one", {"Not there.", ReloadRule::kRestart},
              [](const std::string&, ConfigReader::Section& entry) {
                bool on = false;
                entry.Read("on", "Inherits, and is not there.", on);
              });
  }
  EXPECT_EQ(reader.status(), absl::OkStatus());
  EXPECT_EQ(reader.ruled(), (RuledValues{{"entries", {ReloadRule::kSamePresence, R"(["a"])"}},
                                         {"entries.a.on", {ReloadRule::kOffOnly, "true"}},
                                         {"fixed", {ReloadRule::kRestart, R"("y")"}},
                                         {"none", {ReloadRule::kRestart, "[]"}},
                                         {"section.count", {ReloadRule::kRestart, "7"}},
                                         {"section.wait", {ReloadRule::kRestart, R"("1m30s")"}}}));
}

}  // namespace
}  // namespace gateway
