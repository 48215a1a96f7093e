#include "tools/apigen/committed/record.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/v1/annotations.pb.h"
#include "nlohmann/json.hpp"
#include "tools/apigen/model/places.h"

namespace gateway::apigen {
namespace {

using OrderedJson = nlohmann::ordered_json;

// FNV-1a with 32 bits: enough, because a fingerprint is compared with only one other.
std::string Fingerprint(absl::string_view text) {
  if (text.empty()) return "";
  uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return absl::StrFormat("%08x", hash);
}

std::map<std::string, std::string> Strings(const nlohmann::json& object) {
  std::map<std::string, std::string> strings;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) strings[name] = value.get<std::string>();
  }
  return strings;
}

}  // namespace

Record MakeRecord(const Api& api, const Contract& derived, const std::string& version) {
  Record record;
  record.version = version;
  for (const Operation& operation : api.operations) {
    record.operations[RouteOf(operation)] = Fingerprint(operation.text);
  }
  for (const Operation& operation : api.skipped) record.operations[RouteOf(operation)];
  for (const NamedSchema& named : api.schemas) {
    auto& members = record.schemas[named.name];
    members[""] = Fingerprint(named.schema.text);
    for (const Property& property : named.schema.properties) {
      members[property.name] = Fingerprint(property.schema.text);
    }
  }
  for (const auto& [name, message] : derived.messages) {
    if (!message.wrapper) record.schemas[UpstreamNameOf(message)];
  }
  for (const auto& [name, value] : derived.enums) {
    auto& members = record.schemas[UpstreamNameOf(value)];
    for (const std::string& text : TextsOf(value)) members.emplace(text, "");
  }
  return record;
}

void MarkAdditions(const Record& record, Contract& committed) {
  if (record.schemas.empty()) return;
  const auto wrappers = WrapperKeys(committed);
  for (Service& service : committed.services) {
    for (Method& method : service.methods) {
      if (record.operations.count(RouteOf(method)) > 0) continue;
      method.options.MutableExtension(gateway::v1::method)->set_local(true);
    }
  }
  for (auto& [name, message] : committed.messages) {
    gateway::v1::SchemaRules rules = message.options.GetExtension(gateway::v1::schema);
    if (wrappers.count(name) > 0 || rules.gone() || rules.local()) continue;
    const auto known = record.schemas.find(UpstreamNameOf(message));
    if (known == record.schemas.end()) {
      message.options.MutableExtension(gateway::v1::schema)->set_local(true);
      continue;
    }
    for (Field& field : message.fields) {
      if (known->second.count(WireNameOf(field)) > 0) continue;
      field.options.MutableExtension(gateway::v1::field)->set_local(true);
    }
  }
  for (auto& [name, value] : committed.enums) {
    const auto& rules = value.options.GetExtension(gateway::v1::enum_schema);
    if (rules.gone() || rules.local()) continue;
    if (record.schemas.count(UpstreamNameOf(value)) > 0) continue;
    value.options.MutableExtension(gateway::v1::enum_schema)->set_local(true);
  }
}

bool SameContent(const Record& a, const Record& b) {
  return a.operations == b.operations && a.schemas == b.schemas;
}

absl::StatusOr<Record> ParseRecord(absl::string_view text) {
  Record record;
  if (text.empty()) return record;
  const auto json = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (!json.is_object() || !json.contains("operations") || !json.contains("schemas")) {
    return absl::InvalidArgumentError(absl::StrCat(kRecordName, ": is not a record of apigen's"));
  }
  record.version = json.value("version", "");
  record.operations = Strings(json["operations"]);
  for (const auto& [name, members] : json["schemas"].items()) {
    record.schemas[name] = Strings(members);
  }
  return record;
}

// Prints one schema per line, so that a diff shows which schemas changed.
std::string Print(const Record& record) {
  std::string text =
      absl::StrCat("{\"version\": ", OrderedJson(record.version).dump(), ",\n\"operations\": {");
  const char* comma = "\n";
  for (const auto& [route, print] : record.operations) {
    absl::StrAppend(&text, comma, OrderedJson(route).dump(), ": \"", print, "\"");
    comma = ",\n";
  }
  absl::StrAppend(&text, "\n},\n\"schemas\": {");
  comma = "\n";
  for (const auto& [name, members] : record.schemas) {
    absl::StrAppend(&text, comma, OrderedJson(name).dump(), ": ", OrderedJson(members).dump());
    comma = ",\n";
  }
  absl::StrAppend(&text, "\n}}\n");
  return text;
}

}  // namespace gateway::apigen
