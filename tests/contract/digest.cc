#include "tests/contract/digest.h"

#include <cstdlib>
#include <iostream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

// The contents of the JSON files, which CMakeLists.txt embeds.
extern "C" {
extern const char digest_convergegate[], digest_convergegate_end[];
extern const char digest_paymentkit[], digest_paymentkit_end[];
extern const char digest_paynow[], digest_paynow_end[];
extern const char digest_qashier[], digest_qashier_end[];
extern const char digest_exceptions[], digest_exceptions_end[];
}

namespace gateway::contract {
namespace {

using nlohmann::json;
using Words = std::set<std::string>;

std::vector<std::string> Split(const std::string& said) {
  return absl::StrSplit(said, ' ', absl::SkipEmpty());
}

// Translates the contract data into the words of the digest.
class Vocabulary {
 public:
  explicit Vocabulary(const json& schemas) : schemas_(schemas) {}

  // Returns the words for a type and for its flags and bounds.
  Words Of(const json& type) const {
    Words words;
    if (type.contains("ref")) AddSchema(type["ref"], words);
    AddWithin(type, "array", "items:", words);
    AddWithin(type, "map", "values:", words);
    if (type.contains("map")) words.insert("object");
    if (type.contains("type")) words.insert(type["type"].get<std::string>());
    AddFormat(type, words);
    for (const char* flag : {"required", "nullable", "deprecated", "read_only"}) {
      if (type.value(flag, false)) words.insert(flag);
    }
    for (const auto& [member, word] : kBounds) {
      if (type.contains(member)) words.insert(absl::StrCat(word, type[member].dump()));
    }
    if (type.contains("const")) words.insert("const:" + type["const"].get<std::string>());
    for (const json& alias : type.value("aliases", json::array())) {
      words.insert("alias:" + alias.get<std::string>());
    }
    return words;
  }

  // Returns the words for a whole schema.
  Words OfSchema(const std::string& name) const {
    Words words;
    AddSchema(name, words);
    return words;
  }

 private:
  static constexpr std::pair<const char*, const char*> kBounds[] = {{"minimum", "min:"},
                                                                    {"maximum", "max:"},
                                                                    {"min_items", "min_items:"},
                                                                    {"max_length", "max_length:"},
                                                                    {"default", "default:"}};

  void AddWithin(const json& type, const char* member, const char* prefix, Words& words) const {
    if (!type.contains(member)) return;
    words.insert(member);
    for (const std::string& word : Of(type[member])) words.insert(prefix + word);
  }

  void AddSchema(const std::string& name, Words& words) const {
    words.insert("ref:" + name);
    const json schema = schemas_.value(name, json::object());
    if (schema.contains("type")) words.insert(schema["type"].get<std::string>());
    if (schema.contains("format")) words.insert("format:" + schema["format"].get<std::string>());
    for (const json& text : schema.value("enum", json::array())) {
      words.insert("value:" + text.get<std::string>());
    }
  }

  static void AddFormat(const json& type, Words& words) {
    const std::string format = type.value("format", "");
    if (format.empty()) return;
    words.insert("format:" + format);
    if (format == "epoch-seconds") words.insert("format:int64");
    if (format == "string-or-null") words.insert({"string", "nullable"});
    if (format == "digits" && type.contains("max_length")) {
      words.insert(absl::StrCat("pattern:^[0-9]{", type["max_length"].dump(), "}$"));
    }
  }

  const json& schemas_;
};

class Search {
 public:
  Search(const json& contract, const json& renamed)
      : contract_(contract),
        renamed_(RenamedIn(contract, renamed)),
        vocabulary_(contract_["schemas"]) {}

  std::set<std::string> Run(const json& digest) {
    for (const auto& [name, said] : digest["operations"].items()) Operation(name, said);
    for (const auto& [name, said] : digest["schemas"].items()) Schema(name, said);
    if (digest["event_schemas"].empty()) {
      for (const auto& [type, whole] : digest["events"].items()) Event(type, whole);
    }
    return std::move(missing_);
  }

 private:
  std::string Renamed(const std::string& name) const { return renamed_.value(name, name); }

  // Replaces the schema's name in a word such as "items:ref:OrderLine" by its name in the contract.
  std::string RenamedWord(const std::string& word) const {
    const size_t ref = word.find("ref:");
    if (ref == std::string::npos) return word;
    return absl::StrCat(word.substr(0, ref + 4), Renamed(word.substr(ref + 4)));
  }

  void Compare(const std::string& place, const std::string& said, const Words& known) {
    // If the contract knows nothing of the type ("any"), every word agrees with it.
    if (known.count("any") > 0 && known.count("format:string-or-null") == 0) return;
    for (const std::string& word : Split(said)) {
      if (known.count(RenamedWord(word)) == 0) missing_.insert(absl::StrCat(place, " ", word));
    }
  }

  void Operation(const std::string& name, const json& said) {
    const std::string place = absl::StrCat("operation ", name);
    const std::string wanted = Renamed(name);
    for (const json& operation : contract_["operations"]) {
      if (wanted != absl::StrCat(operation["verb"].get<std::string>(), " ",
                                 operation["path"].get<std::string>())) {
        continue;
      }
      for (const auto& [part, words] : said.items()) {
        Compare(absl::StrCat(place, " ", part), words, PartOf(operation, part));
      }
      return;
    }
    missing_.insert(place);
  }

  // Returns the words of one part of the operation: "query limit", "body" or "response".
  Words PartOf(const json& operation, absl::string_view part) const {
    if (part == "body" && operation.contains("body")) return vocabulary_.Of(operation["body"]);
    if (part == "response" && operation.contains("reply")) {
      return vocabulary_.Of(operation["reply"]);
    }
    if (!absl::ConsumePrefix(&part, "query ")) return {};
    for (const json& parameter : operation.value("query", json::array())) {
      if (parameter["name"] == std::string(part)) return vocabulary_.Of(parameter);
    }
    return {};
  }

  void Schema(const std::string& name, const json& members) {
    const std::string place = absl::StrCat("schema ", name);
    const std::string wanted = Renamed(name);
    if (!contract_["schemas"].contains(wanted)) {
      missing_.insert(place);
      return;
    }
    const json fields = contract_["schemas"][wanted].value("fields", json::object());
    for (const auto& [member, said] : members.items()) {
      if (member.empty()) {
        Compare(place, said, vocabulary_.OfSchema(wanted));
      } else if (!fields.contains(member)) {
        missing_.insert(absl::StrCat(place, ".", member));
      } else {
        Compare(absl::StrCat(place, ".", member), said, vocabulary_.Of(fields[member]));
      }
    }
  }

  void Event(const std::string& type, const std::string& whole) {
    for (const json& event : contract_.value("events", json::array())) {
      if (event["type"] == type)
        return Compare("event " + type, whole, vocabulary_.Of({{"ref", event["ref"]}}));
    }
    missing_.insert("event " + type);
  }

  const json& contract_;
  const json renamed_;
  const Vocabulary vocabulary_;
  std::set<std::string> missing_;
};

// Returns the words of a member's type in paynow_events.json, such as "[]OrderLineDTO!".
Words WordsOf(absl::string_view text, const json& types) {
  Words words;
  if (absl::ConsumeSuffix(&text, "!")) words.insert("required");
  if (absl::ConsumeSuffix(&text, "?")) words.insert("nullable");
  std::string within;
  if (absl::ConsumePrefix(&text, "[]")) {
    words.insert("array");
    within = "items:";
  }
  if (text == "map") {
    words.insert({"map", "values:string"});
  } else if (text == "flake-id" || text == "date-time") {
    words.insert({within + "string", absl::StrCat(within, "format:", text)});
  } else if (types.contains(std::string(text))) {
    words.insert(absl::StrCat(within, "ref:", text));
  } else {
    words.insert(absl::StrCat(within, text));
  }
  return words;
}

json Parsed(const char* begin, const char* end) { return json::parse(begin, end); }

}  // namespace

json DigestOf(const std::string& provider) {
  if (provider == "convergegate") return Parsed(digest_convergegate, digest_convergegate_end);
  if (provider == "paymentkit") return Parsed(digest_paymentkit, digest_paymentkit_end);
  if (provider == "paynow") return Parsed(digest_paynow, digest_paynow_end);
  if (provider == "qashier") return Parsed(digest_qashier, digest_qashier_end);
  std::cerr << "no digest of " << provider << "\n";
  std::abort();
}

DigestExceptions DigestExceptionsOf(const std::string& provider) {
  const json all = Parsed(digest_exceptions, digest_exceptions_end);
  const json& own = all.at(provider);
  DigestExceptions exceptions{own.at("renamed"), {}};
  for (const json& entry : own.at("left_out")) {
    for (const json& what : entry.at("what")) {
      exceptions.left_out.push_back({what, entry.at("reason")});
    }
  }
  return exceptions;
}

json RenamedIn(const json& contract, const json& renamed) {
  json all = contract.value("renamed", json::object());
  all.update(renamed);
  return all;
}

bool IsWord(absl::string_view what) {
  const std::vector<absl::string_view> parts = absl::StrSplit(what, ' ');
  if (absl::StartsWith(parts.back(), "value:")) return false;
  return parts.size() > (parts[0] == "schema" ? 2u : 3u);
}

std::set<std::string> MissingFrom(const json& contract, const json& digest, const json& renamed) {
  return Search(contract, renamed).Run(digest);
}

std::set<std::string> EventsMissingFrom(const json& events, const json& digest) {
  std::set<std::string> missing;
  for (const auto& [type, said] : digest["events"].items()) {
    if (!events["events"].contains(type)) {
      missing.insert("event " + type);
      continue;
    }
    const json& body = events["events"][type];
    const std::string known = body.is_null() ? "" : "ref:" + body.get<std::string>();
    if (said != known) missing.insert(absl::StrCat("event ", type, " ", said.get<std::string>()));
  }
  for (const auto& [name, members] : digest["event_schemas"].items()) {
    for (const auto& [member, said] : members.items()) {
      const std::string place =
          absl::StrCat("event schema ", name, member.empty() ? "" : ".", member);
      if (member.empty()) {
        const bool is_object = said == "object";
        if (is_object && !events["types"].contains(name)) missing.insert(place);
        continue;
      }
      const json type = events["types"].value(name, json::object());
      const Words known = type.contains(member)
                              ? WordsOf(type[member].get<std::string>(), events["types"])
                              : Words();
      for (const std::string& word : Split(said)) {
        if (known.count(word) == 0) missing.insert(absl::StrCat(place, " ", word));
      }
    }
  }
  return missing;
}

}  // namespace gateway::contract
