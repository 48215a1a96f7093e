// Looks into a JSON document and remembers the first thing that was not as expected.
//
// Reading goes on after an error with empty values, so that callers need no check per member; they
// ask for the status once, at the end. Not thread-safe; the document must outlive the reader.
#ifndef TOOLS_APIGEN_JSON_READER_H_
#define TOOLS_APIGEN_JSON_READER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace gateway::apigen {

// Members in the order of the file.
using Json = nlohmann::ordered_json;

// A value and where it is.
struct Node {
  const Json* json = nullptr;
  // A JSON pointer, "#" for the whole document.
  std::string pointer = "#";
};

class JsonReader {
 public:
  explicit JsonReader(const Json& root) : root_(root) {}

  Node Root() const { return {&root_, "#"}; }

  // The member, or none where `node` lacks it. `node` not being an object is an error.
  std::optional<Node> Find(const Node& node, absl::string_view key);
  // Like Find, but it is an error when it is not there; the result then is an empty object.
  Node Require(const Node& node, absl::string_view key);
  Node Element(const Node& array, size_t index);

  // Where the node is {"$ref": "#/..."} the node that it names.
  Node Resolve(const Node& node);

  std::string RequireString(const Node& node, absl::string_view key);
  std::string StringOr(const Node& node, absl::string_view key, absl::string_view fallback);
  bool BoolOr(const Node& node, absl::string_view key, bool fallback);
  std::optional<int64_t> FindInteger(const Node& node, absl::string_view key);

  // Checks that a node is an object or an array before it is iterated.
  bool IsObject(const Node& node);
  bool IsArray(const Node& node);

  void Fail(const Node& node, absl::string_view what);
  void Fail(absl::string_view pointer, absl::string_view what);
  const absl::Status& status() const { return status_; }

 private:
  const Json& root_;
  absl::Status status_;
};

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_JSON_READER_H_
