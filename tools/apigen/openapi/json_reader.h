// Reads a JSON document and notes everything unexpected.
//
// After a problem, reading continues with empty values, so callers need no check per member.
// Instead they compare problems() before and after a part, and leave the part out if the number
// grew. A problem within a schema affects only that schema: see SchemaScope. Not thread-safe; the
// document and the notes must outlive the reader.
#ifndef TOOLS_APIGEN_OPENAPI_JSON_READER_H_
#define TOOLS_APIGEN_OPENAPI_JSON_READER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "tools/apigen/openapi/notes.h"

namespace gateway::apigen {

// Members in the order of the file.
using Json = nlohmann::ordered_json;

// A value and its location.
struct Node {
  const Json* json = nullptr;
  // A JSON pointer, "#" for the whole document.
  std::string pointer = "#";
};

class JsonReader {
 public:
  JsonReader(const Json& root, Notes& notes) : root_(root), notes_(notes) {}

  Node Root() const { return {&root_, "#"}; }

  // Returns the member, or nullopt if `node` lacks it. It is a problem if `node` is not an object.
  std::optional<Node> Find(const Node& node, absl::string_view key);
  // Like Find, but a missing member is a problem; the result is then an empty object.
  Node Require(const Node& node, absl::string_view key);
  Node Element(const Node& array, size_t index);

  // If the node is {"$ref": "#/..."}, returns the node that it refers to; otherwise returns the
  // node.
  Node Resolve(const Node& node);

  std::string RequireString(const Node& node, absl::string_view key);
  std::string StringOr(const Node& node, absl::string_view key, absl::string_view fallback);
  bool BoolOr(const Node& node, absl::string_view key, bool fallback);
  std::optional<int64_t> FindInteger(const Node& node, absl::string_view key);

  // Whether the node is an object, or an array. If it is not, that is a problem.
  bool IsObject(const Node& node);
  bool IsArray(const Node& node);

  // Notes a problem: the part being read cannot be used as it is.
  void Fail(const Node& node, absl::string_view what);
  // Notes that a detail is ignored. This does not count as a problem.
  void Loosen(const Node& node, absl::string_view what);
  size_t problems() const { return problems_; }

 private:
  friend class SchemaScope;

  const Json& root_;
  Notes& notes_;
  size_t problems_ = 0;
  int schemas_open_ = 0;
};

// While a SchemaScope is alive, problems belong to the schema being read. They are noted as
// "loosened" and do not count for the surrounding part.
class SchemaScope {
 public:
  explicit SchemaScope(JsonReader& reader) : reader_(reader), before_(reader.problems_) {
    ++reader_.schemas_open_;
  }
  ~SchemaScope() {
    --reader_.schemas_open_;
    reader_.problems_ = before_;
  }
  SchemaScope(const SchemaScope&) = delete;
  SchemaScope& operator=(const SchemaScope&) = delete;

  bool failed() const { return reader_.problems_ > before_; }

 private:
  JsonReader& reader_;
  size_t before_;
};

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_OPENAPI_JSON_READER_H_
