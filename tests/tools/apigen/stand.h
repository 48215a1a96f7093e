// A lemonade stand with a changing API: each test alters the OpenAPI document or the protos and
// runs apigen again, in a directory of its own.
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

  // Generates and writes. Expects that protoc's parser accepts the result and that a second run
  // changes nothing. Returns the report as Markdown; `report` holds its values.
  std::string Run();

  // Generates without writing.
  absl::StatusOr<Outcome> Generate() const;

  // Returns all notes of a run that writes nothing, one per line: "skipped #/paths/...: has no
  // tag".
  std::string NotesOfRun() const;

  // Returns what the change of this subject breaks: "wire json source calls" or a part of it.
  // Returns "none" if there is no such change.
  std::string BreaksOf(const std::string& subject, Change::Kind kind) const;

  // The text of lemon/v1/<name>.proto.
  std::string Proto(const std::string& name) const;
  bool HasProto(const std::string& name) const;
  std::map<std::string, std::string> AllProtos() const;

  // Edits a proto as a person would; `from` must occur exactly once.
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
  // Content of the decisions file; null: no such file.
  Json decisions;
  std::filesystem::path directory;
};

}  // namespace gateway::apigen

#endif  // TESTS_TOOLS_APIGEN_STAND_H_
