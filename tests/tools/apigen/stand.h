// A lemonade stand whose API changes: each test alters the OpenAPI document or the protos and runs
// apigen again, in a directory of its own.
#ifndef TESTS_TOOLS_APIGEN_STAND_H_
#define TESTS_TOOLS_APIGEN_STAND_H_

#include <filesystem>
#include <map>
#include <string>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/apigen/apigen.h"

namespace gateway::apigen {

class StandTest : public ::testing::Test {
 protected:
  using Json = nlohmann::ordered_json;

  StandTest();
  ~StandTest() override;

  // Generates, writes, and expects that protoc's parser takes the result and that a second run
  // changes nothing. Returns the report as Markdown; `report` has it as values.
  std::string Run();

  // Generates and writes nothing.
  absl::StatusOr<Outcome> Generate() const;

  // All notes of a run that writes nothing, one a line: "skipped #/paths/...: has no tag".
  std::string NotesOfRun() const;

  // Whom the change of this subject breaks: "wire json source calls", or a part of it. "none" where
  // there is no such change.
  std::string BreaksOf(const std::string& subject, Change::Kind kind) const;

  // The text of lemon/v1/<name>.proto.
  std::string Proto(const std::string& name) const;
  bool HasProto(const std::string& name) const;
  std::map<std::string, std::string> AllProtos() const;

  // Changes a proto the way a person would; `from` must occur once and no more.
  void Edit(const std::string& name, const std::string& from, const std::string& to);

  Json& Operation(const std::string& path, const std::string& verb) {
    return api["paths"][path][verb];
  }
  Json& Schema(const std::string& name) { return api["components"]["schemas"][name]; }
  Json& Properties(const std::string& name) { return Schema(name)["properties"]; }

  static constexpr char kDrinks[] = "/v1/stands/{standId}/drinks";
  static constexpr char kDrink[] = "/v1/stands/{standId}/drinks/{drinkId}";
  static constexpr char kOrders[] = "/v1/stands/{standId}/orders";

  Json api;
  Report report;
  // Content of the file of decisions; none while it is null.
  Json decisions;
  std::filesystem::path directory;
};

}  // namespace gateway::apigen

#endif  // TESTS_TOOLS_APIGEN_STAND_H_
