#include "tests/tools/apigen/stand.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "tools/apigen/committed/files.h"

namespace gateway::apigen {
namespace {

std::string Read(const std::filesystem::path& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *text : "";
}

}  // namespace

StandTest::StandTest() {
  std::string pattern = (std::filesystem::temp_directory_path() / "stand-XXXXXX").string();
  directory = mkdtemp(pattern.data());
  api = Json::parse(Read(std::filesystem::path(TESTDATA) / "lemonade.json"));
}

StandTest::~StandTest() { std::filesystem::remove_all(directory); }

absl::StatusOr<Outcome> StandTest::Generate() const {
  Options options;
  options.package = "lemon.v1";
  options.proto_dir = directory;
  options.version = "spring";
  if (!decisions.is_null()) {
    options.decisions = directory / "decisions.json";
    EXPECT_TRUE(WriteFile(options.decisions, decisions.dump()).ok());
  }
  return apigen::Generate(api.dump(), options);
}

std::string StandTest::Run() {
  const absl::StatusOr<Outcome> outcome = Generate();
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  if (!outcome.ok()) return "";
  EXPECT_TRUE(Apply(*outcome, directory).ok());
  const absl::StatusOr<Outcome> again = Generate();
  EXPECT_TRUE(again.ok()) << again.status();
  if (again.ok()) {
    for (const auto& [path, text] : again->files) {
      ADD_FAILURE() << path << " changes again, to\n" << text.value_or("nothing");
    }
  }
  report = outcome->report;
  return Markdown(report);
}

std::string StandTest::NotesOfRun() const {
  const absl::StatusOr<Outcome> outcome = Generate();
  if (!outcome.ok()) return std::string(outcome.status().message());
  std::string text;
  for (const Note& note : outcome->report.notes) {
    absl::StrAppend(&text, EffectName(note.effect), " ", note.pointer, ": ", note.what, "\n");
  }
  return text;
}

std::string StandTest::BreaksOf(const std::string& subject, Change::Kind kind) const {
  for (const Change& change : report.changes) {
    if (change.subject != subject || change.kind != kind) continue;
    return absl::StrCat(change.breaks.wire ? "wire " : "", change.breaks.json ? "json " : "",
                        change.breaks.source ? "source " : "", change.breaks.calls ? "calls " : "");
  }
  return "none";
}

std::string StandTest::Proto(const std::string& name) const {
  return Read(directory / "lemon/v1" / (name + ".proto"));
}

bool StandTest::HasProto(const std::string& name) const {
  return std::filesystem::exists(directory / "lemon/v1" / (name + ".proto"));
}

std::map<std::string, std::string> StandTest::AllProtos() const {
  std::map<std::string, std::string> protos;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "lemon/v1")) {
    if (entry.path().extension() == ".proto") protos[entry.path().filename()] = Read(entry.path());
  }
  return protos;
}

void StandTest::Edit(const std::string& name, const std::string& from, const std::string& to) {
  std::string text = Proto(name);
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << "no \"" << from << "\" in\n" << text;
  ASSERT_EQ(text.find(from, at + 1), std::string::npos) << "twice: " << from;
  text.replace(at, from.size(), to);
  ASSERT_TRUE(WriteFile(directory / "lemon/v1" / (name + ".proto"), text).ok());
}

}  // namespace gateway::apigen
