#include "tools/apigen/openapi/json_reader.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace gateway::apigen {
namespace {

constexpr int kMaxReferences = 16;

const Json& EmptyObject() {
  static const Json& empty = *new Json(Json::object());
  return empty;
}

std::string Escape(absl::string_view key) {
  return absl::StrReplaceAll(key, {{"~", "~0"}, {"/", "~1"}});
}

std::string Unescape(absl::string_view token) {
  return absl::StrReplaceAll(absl::StrReplaceAll(token, {{"~1", "/"}}), {{"~0", "~"}});
}

}  // namespace

std::optional<Node> JsonReader::Find(const Node& node, absl::string_view key) {
  if (!IsObject(node)) return std::nullopt;
  const auto member = node.json->find(std::string(key));
  if (member == node.json->end()) return std::nullopt;
  return Node{&*member, absl::StrCat(node.pointer, "/", Escape(key))};
}

Node JsonReader::Require(const Node& node, absl::string_view key) {
  if (auto member = Find(node, key)) return *member;
  Fail(node, absl::StrCat("lacks \"", key, "\""));
  return {&EmptyObject(), node.pointer};
}

Node JsonReader::Element(const Node& array, size_t index) {
  return {&array.json->at(index), absl::StrCat(array.pointer, "/", index)};
}

Node JsonReader::Resolve(const Node& start) {
  Node node = start;
  for (int i = 0; i < kMaxReferences; ++i) {
    if (!node.json->is_object() || !node.json->contains("$ref")) return node;
    const std::string target = RequireString(node, "$ref");
    if (!absl::StartsWith(target, "#/")) {
      Fail(node, absl::StrCat("\"", target, "\" is outside of this file"));
      return {&EmptyObject(), start.pointer};
    }
    Node found = Root();
    for (absl::string_view token : absl::StrSplit(absl::string_view(target).substr(2), '/')) {
      found = Require(found, Unescape(token));
    }
    node = found;
  }
  Fail(start, "a chain of references that does not end");
  return {&EmptyObject(), start.pointer};
}

std::string JsonReader::RequireString(const Node& node, absl::string_view key) {
  const auto member = Find(node, key);
  if (member && member->json->is_string()) return member->json->get<std::string>();
  if (member) {
    Fail(*member, "is not a string");
  } else {
    Fail(node, absl::StrCat("lacks \"", key, "\""));
  }
  return "";
}

std::string JsonReader::StringOr(const Node& node, absl::string_view key,
                                 absl::string_view fallback) {
  return Find(node, key) ? RequireString(node, key) : std::string(fallback);
}

bool JsonReader::BoolOr(const Node& node, absl::string_view key, bool fallback) {
  const auto member = Find(node, key);
  if (!member) return fallback;
  if (member->json->is_boolean()) return member->json->get<bool>();
  Fail(*member, "is neither true nor false");
  return fallback;
}

std::optional<int64_t> JsonReader::FindInteger(const Node& node, absl::string_view key) {
  const auto member = Find(node, key);
  if (!member) return std::nullopt;
  if (member->json->is_number_integer()) return member->json->get<int64_t>();
  Loosen(*member, "is not an integer");
  return std::nullopt;
}

bool JsonReader::IsObject(const Node& node) {
  if (node.json->is_object()) return true;
  Fail(node, "is not an object");
  return false;
}

bool JsonReader::IsArray(const Node& node) {
  if (node.json->is_array()) return true;
  Fail(node, "is not an array");
  return false;
}

void JsonReader::Fail(const Node& node, absl::string_view what) {
  ++problems_;
  notes_.Add(schemas_open_ > 0 ? Note::Effect::kLoosened : Note::Effect::kSkipped, node.pointer,
             what);
}

void JsonReader::Loosen(const Node& node, absl::string_view what) {
  notes_.Add(Note::Effect::kLoosened, node.pointer, what);
}

}  // namespace gateway::apigen
