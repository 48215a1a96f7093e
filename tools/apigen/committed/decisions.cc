#include "tools/apigen/committed/decisions.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "tools/apigen/committed/files.h"
#include "tools/apigen/model/http_rule.h"

namespace gateway::apigen {
namespace {

using Json = nlohmann::json;

absl::StatusOr<Json> ReadJson(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is not a JSON object"));
  }
  return json;
}

// "GET /v1/stores/{storeId}" -> "get /v1/stores/{}"
std::string RouteOfHead(const std::string& head) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(head, absl::MaxSplits(' ', 1));
  return RouteText(absl::AsciiStrToLower(parts.first), parts.second);
}

// Returns the names of the schema's members and the texts of its enum values. The member ""
// describes the schema as a whole; each word "value:x" in the description stands for an enum value
// x.
std::set<std::string> MembersOf(const Json& schema) {
  std::set<std::string> members;
  for (const auto& [name, words] : schema.items()) {
    if (!name.empty()) members.insert(name);
    if (!name.empty() || !words.is_string()) continue;
    for (absl::string_view word : absl::StrSplit(words.get<std::string>(), ' ')) {
      if (absl::ConsumePrefix(&word, "value:")) members.emplace(word);
    }
  }
  return members;
}

// tests/contract/digest.py describes the format.
Documented ReadDocumented(const Json& digest) {
  Documented documented;
  for (const char* section : {"operations", "schemas"}) {
    if (!digest.contains(section)) continue;
    for (const auto& [name, value] : digest[section].items()) {
      if (section[0] == 'o') {
        documented.routes.insert(RouteOfHead(name));
      } else {
        documented.schemas[name] = MembersOf(value);
      }
    }
  }
  return documented;
}

}  // namespace

absl::StatusOr<Decisions> ReadDecisions(const std::string& path) {
  Decisions decisions;
  if (path.empty()) return decisions;
  const absl::StatusOr<Json> json = ReadJson(path);
  if (!json.ok()) return json.status();
  for (const auto& [member, value] : json->items()) {
    if (member == "renamed" && value.is_object()) {
      for (const auto& [schema, type] : value.items()) {
        if (!type.is_string()) {
          return absl::InvalidArgumentError(absl::StrCat(path, ": ", schema, ": is not a string"));
        }
        decisions.renamed[schema] = type.get<std::string>();
      }
    } else if (member == "documented" && value.is_string()) {
      const absl::StatusOr<Json> digest = ReadJson(value.get<std::string>());
      if (!digest.ok()) return digest.status();
      decisions.documented = ReadDocumented(*digest);
    } else {
      return absl::InvalidArgumentError(absl::StrCat(path, ": unknown member \"", member, "\""));
    }
  }
  return decisions;
}

}  // namespace gateway::apigen
