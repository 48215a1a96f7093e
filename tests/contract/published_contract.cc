#include "tests/contract/published_contract.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace gateway::contract {
namespace {

using nlohmann::json;
using Names = std::initializer_list<absl::string_view>;

constexpr Names kTypeMembers = {"ref",    "array",      "map",       "type",
                                "format", "min_length", "max_length"};
constexpr Names kFlags = {"required",       "nullable",        "deprecated",
                          "empty_is_unset", "null_when_unset", "loose"};
constexpr Names kBounds = {"minimum",        "maximum",           "min_items",        "max_items",
                           "max_key_length", "min_seconds_ahead", "max_seconds_ahead"};

std::string TextOf(const json& object, const char* member) {
  return object.value(member, std::string());
}

// "storeId" -> "store_id"
std::string SnakeCase(absl::string_view name) {
  std::string snake;
  for (char c : name) {
    if (absl::ascii_isupper(c) && !snake.empty() && snake.back() != '{') snake += '_';
    snake += absl::ascii_tolower(c);
  }
  return snake;
}

// Converts only the names in braces.
std::string SnakeCaseVariables(absl::string_view path) {
  std::string snake;
  while (!path.empty()) {
    size_t open = std::min(path.find('{'), path.size());
    size_t close = std::min(path.find('}', open), path.size());
    absl::StrAppend(&snake, path.substr(0, open), SnakeCase(path.substr(open, close - open)));
    path.remove_prefix(close);
    if (!path.empty() && path.front() == '}') {
      snake += '}';
      path.remove_prefix(1);
    }
  }
  return snake;
}

void SayUnread(const json& object, std::initializer_list<Names> read, absl::string_view prefix,
               Unit& unit) {
  for (const auto& [member, value] : object.items()) {
    bool known = std::any_of(read.begin(), read.end(), [&member = member](const Names& names) {
      return std::find(names.begin(), names.end(), member) != names.end();
    });
    known |= std::find(std::begin(kSilent), std::end(kSilent), member) != std::end(kSilent);
    if (!known) Say(unit, absl::StrCat(prefix, "unread ", member), "yes");
  }
}

// Returns a text such as "array of OrderStatus", "integer int32" or "FlakeId".
std::string TypeText(const json& type) {
  std::vector<std::string> parts;
  if (type.contains("array")) parts.push_back(absl::StrCat("array of ", TypeText(type["array"])));
  if (type.contains("map")) parts.push_back(absl::StrCat("map of ", TypeText(type["map"])));
  for (const char* member : {"ref", "type", "format"}) {
    if (type.contains(member)) parts.push_back(TextOf(type, member));
  }
  return parts.empty() ? "no type" : absl::StrJoin(parts, " ");
}

// States each member of an element type, or of a map's value type, that this file does not read.
void SayUnreadOfElements(const json& type, const std::string& prefix, Unit& unit) {
  for (const char* nested : {"array", "map"}) {
    if (!type.contains(nested)) continue;
    SayUnread(type[nested], {kTypeMembers}, prefix, unit);
    SayUnreadOfElements(type[nested], prefix, unit);
  }
}

// States the length bounds of a text type, or of a text type within lists and maps.
void SayLengths(const json& type, const std::string& place, Unit& unit) {
  for (const char* length : {"min_length", "max_length"}) {
    if (type.contains(length)) Say(unit, absl::StrCat(place, ".", length), type[length].dump());
  }
  for (const char* nested : {"array", "map"}) {
    if (type.contains(nested)) SayLengths(type[nested], place, unit);
  }
}

void SayType(const json& type, const std::string& place, Unit& unit) {
  SayLengths(type, place, unit);
  Say(unit, place + ".type", TypeText(type));
  SayUnreadOfElements(type, place + ".", unit);
}

// An element that the upstream has dropped and this project keeps is `local` and deprecated. This
// function states only `local`: operations and fields have a flag of their own for deprecated.
void SayGone(const json& object, const std::string& place, Unit& unit) {
  if (object.value("gone", false)) Say(unit, absl::StrCat(place, "local"), "yes");
}

void SayFlags(const json& object, absl::string_view place, Unit& unit) {
  for (absl::string_view flag : kFlags) {
    if (object.value(std::string(flag), false)) Say(unit, absl::StrCat(place, ".", flag), "yes");
  }
}

void SayBounds(const json& object, absl::string_view place, Unit& unit) {
  for (absl::string_view bound : kBounds) {
    if (!object.contains(std::string(bound))) continue;
    Say(unit, absl::StrCat(place, ".", bound), object.at(std::string(bound)).dump());
  }
}

void SayPathParameters(const json& operation, Unit& unit) {
  int position = 0;
  for (const json& parameter : operation.value("path_params", json::array())) {
    std::string place = absl::StrCat("path parameter ", ++position);
    std::string name = TextOf(parameter, "name");
    Say(unit, place, SnakeCase(name));
    if (!absl::StrContains(TextOf(operation, "path"), absl::StrCat("{", name, "}"))) {
      Say(unit, place + ".in path", "no");
    }
    SayType(parameter, place, unit);
    Say(unit, place + ".required", "yes");
    SayUnread(parameter, {{"name"}, kTypeMembers}, place + ".", unit);
  }
}

void SayQuery(const json& operation, Unit& unit) {
  for (const json& parameter : operation.value("query", json::array())) {
    std::string name = TextOf(parameter, "name");
    std::string place = absl::StrCat("query ", name);
    Say(unit, place + ".field", SnakeCase(name));
    SayType(parameter, place, unit);
    SayFlags(parameter, place, unit);
    SayBounds(parameter, place, unit);
    SayUnread(parameter, {{"name"}, kTypeMembers, kFlags, kBounds}, place + ".", unit);
  }
}

void SayBody(const json& operation, Unit& unit) {
  if (!operation.contains("body")) return;
  const json& body = operation["body"];
  SayType(body, "body", unit);
  Say(unit, "body.required", "yes");
  SayUnread(body, {kTypeMembers}, "body.", unit);
  if (TextOf(operation, "verb") == "PATCH" && body.contains("ref")) {
    Say(unit, "update mask", "update_mask");
    Say(unit, "update mask.type", "field mask");
  }
}

// Whether the operation declares status 204, for the reply itself or in `also`.
bool MayBeEmpty(const json& operation) {
  bool may = operation.value("status", 0) == 204;
  for (const json& further : operation.value("also", json::array())) {
    may = may || further.value("status", 0) == 204;
  }
  return may;
}

void SayReply(const json& operation, Unit& unit) {
  if (!operation.contains("reply")) {
    Say(unit, "reply.type", "no content");
    return;
  }
  if (MayBeEmpty(operation)) Say(unit, "reply.may be empty", "yes");
  SayType(operation["reply"], "reply", unit);
  SayUnread(operation["reply"], {kTypeMembers}, "reply.", unit);
}

void SayField(const std::string& name, const json& field, Unit& unit) {
  Say(unit, name + ".field", SnakeCase(name));
  SayType(field, name, unit);
  SayFlags(field, name, unit);
  SayBounds(field, name, unit);
  for (const json& alias : field.value("aliases", json::array())) {
    Say(unit, absl::StrCat(name, ".alias ", alias.get<std::string>()), "yes");
  }
  SayGone(field, name + ".", unit);
  SayUnread(field, {kTypeMembers, kFlags, kBounds, {"aliases", "gone"}}, name + ".", unit);
}

// Returns a text such as "object", "string enum" or "string flake-id".
std::string FormText(const json& schema) {
  std::string form = TextOf(schema, "type");
  if (schema.contains("format")) absl::StrAppend(&form, " ", TextOf(schema, "format"));
  if (schema.contains("enum")) absl::StrAppend(&form, " enum");
  return form;
}

}  // namespace

Facts PublishedFacts(const json& contract) {
  Facts facts;
  Unit unit;
  Say(unit, "version", TextOf(contract, "version"));
  SayUnread(
      contract,
      {{"provider", "api", "version", "base_path", "operations", "events", "schemas"}, {"renamed"}},
      "", unit);
  AddUnit(facts, "API", std::move(unit));
  for (const json& operation : contract.at("operations")) AddOperation(operation, facts);
  for (const json& event : contract.value("events", json::array())) AddEvent(event, facts);
  for (const auto& [name, schema] : contract.at("schemas").items()) AddSchema(name, schema, facts);
  return facts;
}

std::string UnitOf(const json& operation) {
  return absl::StrCat("operation ", TextOf(operation, "id"));
}

void AddOperation(const json& operation, Facts& facts) {
  Unit unit;
  for (const char* member : {"tag", "rpc", "verb"}) Say(unit, member, TextOf(operation, member));
  Say(unit, "path", SnakeCaseVariables(TextOf(operation, "path")));
  for (const char* flag : {"deprecated", "idempotency_key"}) {
    if (operation.value(flag, false)) Say(unit, flag, "yes");
  }
  if (TextOf(operation, "verb") == "GET") Say(unit, "free of side effects", "yes");
  SayPathParameters(operation, unit);
  SayQuery(operation, unit);
  SayBody(operation, unit);
  SayReply(operation, unit);
  SayGone(operation, "", unit);
  SayUnread(operation,
            {{"id", "tag", "rpc", "verb", "path", "path_params", "query", "body", "reply"},
             {"deprecated", "idempotency_key", "gone"}},
            "", unit);
  AddUnit(facts, UnitOf(operation), std::move(unit));
}

void AddEvent(const json& event, Facts& facts) {
  Unit unit;
  Say(unit, "whole", TextOf(event, "ref"));
  SayUnread(event, {{"type", "ref"}}, "", unit);
  AddUnit(facts, absl::StrCat("event ", TextOf(event, "type")), std::move(unit));
}

void AddSchema(const std::string& name, const json& schema, Facts& facts) {
  Unit unit;
  Say(unit, "form", FormText(schema));
  if (schema.value("open", false)) Say(unit, "open", "yes");
  const json fields = schema.value("fields", json::object());
  for (const auto& [field_name, field] : fields.items()) SayField(field_name, field, unit);
  for (const json& text : schema.value("enum", json::array())) {
    Say(unit, absl::StrCat("value ", text.get<std::string>()), "yes");
  }
  for (const json& text : schema.value("gone_texts", json::array())) {
    for (const char* what : {".deprecated", ".local"}) {
      Say(unit, absl::StrCat("value ", text.get<std::string>(), what), "yes");
    }
  }
  SayGone(schema, "", unit);
  if (schema.value("gone", false)) Say(unit, "deprecated", "yes");
  SayUnread(schema, {{"type", "format", "fields", "enum", "open", "gone", "gone_texts"}}, "", unit);
  AddUnit(facts, absl::StrCat("schema ", name), std::move(unit));
}

}  // namespace gateway::contract
