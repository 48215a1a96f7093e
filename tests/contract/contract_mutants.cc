#include "tests/contract/contract_mutants.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gateway::contract {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;
using Path = std::vector<std::string>;  // the parts of a pointer

// Mutants of a text: if the contract has at most this many different texts for the member, the text
// is replaced by each of the others in turn. If it has more, the text is replaced by the next one
// alone. In addition it is always replaced by a text that occurs nowhere.
constexpr size_t kFewTexts = 8;

// A member name that no contract uses.
constexpr char kUnheardOf[] = "unheard_of";
constexpr char kUnheardOfPlace[] = "unread unheard_of";

Path PathOf(const Pointer& pointer) {
  Path path = absl::StrSplit(pointer.to_string(), '/');
  path.erase(path.begin());
  return path;
}

bool IsType(const json& node) {
  return node.contains("ref") || node.contains("array") || node.contains("map") ||
         node.contains("type");
}

// Returns the place under which the comparison reports the value at `path` of an operation.
std::string PlaceInOperation(const json& operation, const Path& path) {
  if (path.empty() || path[0] == "id") return "";
  if (path[0] == kUnheardOf) return kUnheardOfPlace;
  if (path[0] == "path_params") {
    return absl::StrCat("path parameter ", path.size() == 1 ? 1 : std::stoi(path[1]) + 1);
  }
  if (path[0] == "query") {
    if (path.size() == 1) return "query ";
    return absl::StrCat("query ",
                        operation["query"][std::stoi(path[1])]["name"].get<std::string>());
  }
  return path[0] == "status" || path[0] == "also" ? "reply" : path[0];
}

std::string PlaceInSchema(const json& schema, const Path& path) {
  if (path.empty() || path == Path{"fields"}) return "";
  if (path[0] == kUnheardOf) return kUnheardOfPlace;
  if (path[0] == "fields") return path[1] + ".";
  if (path[0] == "open") return "open";
  if (path[0] != "enum") return "form";
  if (path.size() == 1) return "value ";
  return absl::StrCat("value ", schema["enum"][std::stoi(path[1])].get<std::string>());
}

// Whether the operation declares a reply, and declares status 204 for it or in `also`.
bool MayBeEmpty(const json& operation) {
  bool no_content = operation.value("status", json()) == 204;
  for (const json& further : operation.value("also", json::array())) {
    no_content = no_content || further.value("status", json()) == 204;
  }
  return operation.contains("reply") && no_content;
}

bool SilentInOperation(const json& operation, const Path& path, const json& mutant) {
  if (path.empty()) return false;
  if (path[0] == "partial" || path.back() == "default") return true;
  const bool states = path[0] == "status" || path[0] == "also";
  return states && MayBeEmpty(operation) == MayBeEmpty(mutant);
}

bool SilentInSchema(const json&, const Path& path, const json&) {
  if (path == Path{"closed"}) return true;
  return path.size() == 3 && (path[2] == "read_only" || path[2] == "const" || path[2] == "default");
}

// One operation or schema, and the mutants of it collected so far.
class Mutator {
 public:
  using PlaceOf = std::function<std::string(const json& unit, const Path&)>;
  using IsSilent = std::function<bool(const json& unit, const Path&, const json& mutant)>;

  Mutator(const json& unit, const Texts& texts, PlaceOf place_of, IsSilent is_silent)
      : unit_(unit),
        texts_(texts),
        place_of_(std::move(place_of)),
        is_silent_(std::move(is_silent)) {}

  // Adds the mutants of every fact at `at` and below.
  void Walk(const Pointer& at) {
    const json& node = unit_.at(at);
    if (node.is_string()) ReplaceText(at, node);
    if (node.is_boolean()) Replace(at, !node.get<bool>());
    if (node.is_number_integer()) ReplaceNumber(at, node);
    if (node.is_object()) {
      // The members of `fields` are the upstream's names, not keywords of the contract format.
      const bool names = at.to_string() == "/fields";
      if (!names && IsType(node)) Wrap(at, node);
      if (!names) Insert(at, kUnheardOf, true);
      for (const auto& [member, value] : node.items()) WalkInto(at / member);
    }
    if (node.is_array()) {
      for (size_t i = 0; i < node.size(); ++i) WalkInto(at / i);
    }
  }

  void Replace(const Pointer& at, const json& value) {
    json mutant = unit_;
    mutant[at] = value;
    Add(at, absl::StrCat(" = ", value.dump()), std::move(mutant));
  }

  // Inserts the member, unless it exists already.
  void Insert(const Pointer& at, const std::string& member, const json& value) {
    if (!unit_.at(at).contains(member)) Replace(at / member, value);
  }

  void Append(const Pointer& at, const json& element) {
    json mutant = unit_;
    mutant[at].push_back(element);
    Add(at, absl::StrCat(" + ", element.dump()), std::move(mutant));
  }

  void Rename(const Pointer& at) {
    json mutant = unit_;
    json& parent = mutant[at.parent_pointer()];
    parent[at.back() + "_too"] = parent[at.back()];
    parent.erase(at.back());
    Add(at, " renamed", std::move(mutant));
  }

  void SwapWithNext(const Pointer& at, size_t i) {
    json mutant = unit_;
    std::swap(mutant[at / i], mutant[at / (i + 1)]);
    Add(at / i, " swapped with the next", std::move(mutant));
  }

  std::vector<Mutant> Take() { return std::move(mutants_); }

 private:
  void Add(const Pointer& at, const std::string& what, json mutant) {
    const Path path = PathOf(at);
    bool silent = is_silent_(unit_, path, mutant);
    mutants_.push_back({at.to_string() + what, std::move(mutant), place_of_(unit_, path), silent});
  }

  void Remove(const Pointer& at) {
    json mutant = unit_;
    json& parent = mutant[at.parent_pointer()];
    if (parent.is_array()) {
      parent.erase(std::stoul(at.back()));
    } else {
      parent.erase(at.back());
    }
    Add(at, " removed", std::move(mutant));
  }

  void WalkInto(const Pointer& at) {
    const bool says_nothing = unit_.at(at).is_structured() && unit_.at(at).empty();
    if (!says_nothing) Remove(at);
    Walk(at);
  }

  void ReplaceText(const Pointer& at, const std::string& text) {
    const Path path = PathOf(at);
    bool element = unit_.at(at.parent_pointer()).is_array();
    const auto& texts = texts_.at(element ? path[path.size() - 2] : path.back());
    if (texts.size() <= kFewTexts) {
      for (const std::string& other : texts) {
        if (other != text) Replace(at, other);
      }
    } else {
      auto next = texts.upper_bound(text);
      Replace(at, next == texts.end() ? *texts.begin() : *next);
    }
    Replace(at, text + "x");
  }

  void ReplaceNumber(const Pointer& at, int64_t number) {
    Replace(at, number + 1);
    Replace(at, 204);
  }

  void Wrap(const Pointer& at, const json& node) {
    for (const char* wrapping : {"array", "map"}) {
      json wrapped = node;
      for (const char* member : {"ref", "array", "map", "type", "format"}) {
        if (node.contains(member)) wrapped.erase(member);
      }
      for (const char* member : {"ref", "array", "map", "type", "format"}) {
        if (node.contains(member)) wrapped[wrapping][member] = node[member];
      }
      Replace(at, wrapped);
    }
  }

  const json& unit_;
  const Texts& texts_;
  const PlaceOf place_of_;
  const IsSilent is_silent_;
  std::vector<Mutant> mutants_;
};

void CollectTexts(const std::string& member, const json& node, Texts& texts) {
  if (node.is_string()) texts[member].insert(node.get<std::string>());
  if (node.is_array()) {
    for (const json& element : node) CollectTexts(member, element, texts);
  }
  if (node.is_object()) {
    for (const auto& [name, value] : node.items()) CollectTexts(name, value, texts);
  }
}

const Pointer kRoot;

}  // namespace

Texts TextsOf(const json& contract) {
  Texts texts;
  CollectTexts("", contract, texts);
  return texts;
}

std::vector<Mutant> OperationMutants(const json& operation, const Texts& texts) {
  Mutator mutator(operation, texts, PlaceInOperation, SilentInOperation);
  mutator.Walk(kRoot);
  const size_t path_params = operation.value("path_params", json::array()).size();
  for (size_t i = 0; i + 1 < path_params; ++i) mutator.SwapWithNext(kRoot / "path_params", i);
  const size_t query = operation.value("query", json::array()).size();
  for (size_t i = 0; i < query; ++i) {
    const Pointer parameter = kRoot / "query" / i;
    for (const char* flag : {"required", "nullable", "deprecated"}) {
      mutator.Insert(parameter, flag, true);
    }
    for (const char* bound : {"minimum", "maximum"}) mutator.Insert(parameter, bound, 7);
  }
  mutator.Insert(kRoot, "body", {{"ref", "OrderDto"}});
  mutator.Insert(kRoot, "reply", {{"ref", "OrderDto"}});
  if (query > 0) mutator.Append(kRoot / "query", {{"name", "color"}, {"type", "string"}});
  mutator.Insert(kRoot, "query", json::array({{{"name", "color"}, {"type", "string"}}}));
  return mutator.Take();
}

std::vector<Mutant> SchemaMutants(const json& schema, const Texts& texts) {
  Mutator mutator(schema, texts, PlaceInSchema, SilentInSchema);
  mutator.Walk(kRoot);
  const json fields = schema.value("fields", json::object());
  for (const auto& [name, field] : fields.items()) {
    mutator.Rename(kRoot / "fields" / name);
    for (const char* flag : {"required", "nullable", "deprecated", "read_only"}) {
      mutator.Insert(kRoot / "fields" / name, flag, true);
    }
  }
  if (schema.contains("fields")) {
    mutator.Insert(kRoot / "fields", "color", {{"type", "string"}});
  }
  if (schema.contains("enum")) mutator.Append(kRoot / "enum", "purple");
  return mutator.Take();
}

}  // namespace gateway::contract
