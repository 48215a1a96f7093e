#include "service/config/config_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/config/strict_json.h"

namespace gateway {
namespace {

using nlohmann::json;

std::string Join(absl::string_view path, absl::string_view key) {
  return absl::StrCat(path, path.empty() || key.empty() ? "" : ".", key);
}

// The position of a byte, counted from 1, as "line 3, column 14".
std::string Position(absl::string_view text, size_t byte) {
  const absl::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const size_t line_start = before.rfind('\n') + 1;
  return absl::StrCat("line ", 1 + std::count(before.begin(), before.end(), '\n'), ", column ",
                      1 + before.size() - line_start);
}

// A value as JSON, as the table of keys shows it.
std::string TextOf(const std::string& value) { return json(value).dump(); }
std::string TextOf(bool value) { return value ? "true" : "false"; }
std::string TextOf(absl::Duration value) {
  return absl::StrCat("\"", absl::FormatDuration(value), "\"");
}

// Returns the rule that the keys of a section inherit from the section's rule.
ReloadRule Inherited(ReloadRule rule) {
  return rule == ReloadRule::kRestart ? rule : ReloadRule::kTaken;
}

}  // namespace

ConfigReader::ConfigReader(std::string file, json root)
    : file_(std::move(file)), root_(std::move(root)) {
  if (!root_.is_object()) AddError("", "expected a JSON object");
}

ConfigReader::Section ConfigReader::Root() {
  return Section(*this, {}, root_.is_object() ? &root_ : nullptr);
}

absl::Status ConfigReader::status() const {
  if (errors_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(errors_, "\n"));
}

void ConfigReader::AddError(absl::string_view path, absl::string_view reason) {
  errors_.push_back(absl::StrCat(file_, ": ", path, path.empty() ? "" : ": ", reason));
}

ConfigReader::Section::Section(ConfigReader& reader, Place place, const json* object)
    : reader_(reader), place_(std::move(place)), object_(object) {}

ConfigReader::Section::~Section() {
  if (object_ == nullptr) return;
  for (const auto& [key, value] : object_->items()) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
      reader_.AddError(PathOf(key), "unknown key");
    }
  }
}

void ConfigReader::Section::Retired(absl::string_view key, absl::string_view advice) {
  known_.emplace_back(key);
  if (object_ != nullptr && object_->contains(key)) Fail(key, advice);
}

void ConfigReader::Section::Read(absl::string_view key, const Meaning& meaning,
                                 std::string& value) {
  if (const json* found = Find(key, meaning, TextOf(value))) {
    if (!found->is_string()) return Fail(key, "expected a string");
    value = found->get<std::string>();
  }
  Keep(key, meaning, TextOf(value));
}

void ConfigReader::Section::Read(absl::string_view key, const Meaning& meaning, bool& value) {
  if (const json* found = Find(key, meaning, TextOf(value))) {
    if (!found->is_boolean()) return Fail(key, "expected true or false");
    value = found->get<bool>();
  }
  Keep(key, meaning, TextOf(value));
}

void ConfigReader::Section::Read(absl::string_view key, const Meaning& meaning, int64_t& value,
                                 int64_t minimum, int64_t maximum) {
  if (const json* found = Find(key, meaning, absl::StrCat(value))) {
    const bool too_large = found->is_number_unsigned() && found->get<uint64_t>() > INT64_MAX;
    if (!found->is_number_integer() || too_large || found->get<int64_t>() < minimum ||
        found->get<int64_t>() > maximum) {
      return Fail(key, absl::StrCat("expected a whole number from ", minimum, " to ", maximum));
    }
    value = found->get<int64_t>();
  }
  Keep(key, meaning, absl::StrCat(value));
}

void ConfigReader::Section::Read(absl::string_view key, const Meaning& meaning, double& value,
                                 double minimum, double maximum) {
  if (const json* found = Find(key, meaning, absl::StrCat(value))) {
    if (!found->is_number() || found->get<double>() < minimum || found->get<double>() > maximum) {
      return Fail(key, absl::StrCat("expected a number from ", minimum, " to ", maximum));
    }
    value = found->get<double>();
  }
  Keep(key, meaning, json(value).dump());
}

void ConfigReader::Section::Read(absl::string_view key, const Meaning& meaning,
                                 absl::Duration& value, absl::Duration minimum) {
  if (const json* found = Find(key, meaning, TextOf(value))) {
    absl::Duration duration;
    if (!found->is_string() ||
        !absl::ParseDuration(found->get_ref<const std::string&>(), &duration) ||
        duration < absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
      return Fail(key, "expected a duration such as \"250ms\", \"30s\" or \"5m\"");
    }
    if (duration < minimum) {
      return Fail(key, absl::StrCat("must be at least ", absl::FormatDuration(minimum)));
    }
    // Above this, sums of times and durations would leave the range of the clock.
    constexpr absl::Duration kMaximum = absl::Hours(100 * 366 * 24);
    if (duration > kMaximum) {
      return Fail(key, absl::StrCat("must be at most ", absl::FormatDuration(kMaximum)));
    }
    value = duration;
  }
  Keep(key, meaning, TextOf(value));
}

void ConfigReader::Section::Read(absl::string_view key, const Meaning& meaning,
                                 std::vector<std::string>& texts) {
  if (const json* found = Find(key, meaning, "[]")) {
    const auto is_text = [](const json& value) {
      return value.is_string() && !value.get_ref<const std::string&>().empty();
    };
    if (!found->is_array() || !std::all_of(found->begin(), found->end(), is_text)) {
      return Fail(key, "expected a list of strings, none of them empty");
    }
    // An empty list looks like "none", but a list that is left out may mean "all". So it is
    // refused.
    if (found->empty()) return Fail(key, "is empty: leave it out, or name something");
    texts = found->get<std::vector<std::string>>();
  }
  Keep(key, meaning, json(texts).dump());
}

void ConfigReader::Section::ReadTexts(absl::string_view key, absl::string_view placeholder,
                                      const Meaning& meaning,
                                      std::map<std::string, std::string>& texts) {
  // The table of keys gets a row for the members, and none for the object.
  Find(absl::StrCat(key, ".<", placeholder, ">"), meaning, "\"\"");
  known_.emplace_back(key);
  if (const json* const object = Member(key)) {
    if (!object->is_object()) return Fail(key, "expected an object");
    for (const auto& [name, value] : object->items()) {
      if (value.is_string() && !name.empty()) {
        texts.emplace(name, value.get<std::string>());
      } else {
        Fail(absl::StrCat(key, ".", name), "expected a string");
      }
    }
  }
  Keep(key, meaning, json(texts).dump());
}

ConfigReader::Section ConfigReader::Section::Child(absl::string_view key, const Meaning& meaning) {
  const json* object = FindObject(key, meaning);
  const ReloadRule rule = RuleOf(meaning);
  if (rule == ReloadRule::kSamePresence) Keep(key, meaning, TextOf(object != nullptr));
  return Section(reader_, {PathOf(key), DocumentedPathOf(key), Inherited(rule), place_.is_there},
                 object);
}

void ConfigReader::Section::Each(absl::string_view key, absl::string_view placeholder,
                                 const Meaning& meaning,
                                 absl::FunctionRef<void(const std::string&, Section&)> visit) {
  const json* object = FindObject(key, meaning);
  const ReloadRule rule = Inherited(RuleOf(meaning));
  const std::string documented = absl::StrCat(DocumentedPathOf(key), ".<", placeholder, ">");
  json names = json::array();
  if (object == nullptr || object->empty()) {
    Section section(reader_, {"", documented, rule, /*is_there=*/false}, nullptr);
    visit(absl::StrCat("<", placeholder, ">"), section);
  } else {
    for (const auto& [name, value] : object->items()) {
      names.push_back(name);
      const std::string path = absl::StrCat(PathOf(key), ".", name);
      if (!value.is_object()) reader_.AddError(path, "expected an object");
      Section section(reader_, {path, documented, rule, place_.is_there},
                      value.is_object() ? &value : nullptr);
      visit(name, section);
    }
  }
  Keep(key, meaning, names.dump());
}

void ConfigReader::Section::Fail(absl::string_view key, absl::string_view reason) {
  reader_.AddError(PathOf(key), reason);
}

const json* ConfigReader::Section::Member(absl::string_view key) const {
  if (object_ == nullptr) return nullptr;
  const auto member = object_->find(std::string(key));
  return member == object_->end() ? nullptr : &*member;
}

const json* ConfigReader::Section::Find(absl::string_view key, const Meaning& meaning,
                                        std::string default_value) {
  known_.emplace_back(key);
  const std::string path = DocumentedPathOf(key);
  const bool declared = std::any_of(reader_.keys_.begin(), reader_.keys_.end(),
                                    [&](const Key& known) { return known.path == path; });
  if (!declared) {
    reader_.keys_.push_back(
        {path, std::move(default_value), std::string(meaning.text), RuleOf(meaning)});
  }
  return Member(key);
}

const json* ConfigReader::Section::FindObject(absl::string_view key, const Meaning& meaning) {
  const json* found = Find(key, meaning, "");
  if (found == nullptr || found->is_object()) return found;
  Fail(key, "expected an object");
  return nullptr;
}

void ConfigReader::Section::Keep(absl::string_view key, const Meaning& meaning, std::string value) {
  const ReloadRule rule = RuleOf(meaning);
  if (!place_.is_there || rule == ReloadRule::kTaken) return;
  reader_.ruled_.insert_or_assign(PathOf(key), RuledValue{rule, std::move(value)});
}

ReloadRule ConfigReader::Section::RuleOf(const Meaning& meaning) const {
  return place_.rule == ReloadRule::kTaken ? meaning.rule : place_.rule;
}

std::string ConfigReader::Section::PathOf(absl::string_view key) const {
  return Join(place_.path, key);
}

std::string ConfigReader::Section::DocumentedPathOf(absl::string_view key) const {
  return Join(place_.documented_path, key);
}

absl::StatusOr<json> ParseJson(const std::string& file, absl::string_view text) {
  try {
    StrictJson strict = ParseStrictJson(text, /*throws=*/true, /*ignore_comments=*/true);
    if (!strict.is_repeated) return std::move(strict.value);
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": ", strict.repeated, ": is there twice"));
  } catch (const json::parse_error& error) {
    // The exception's own message would quote the text.
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": not valid JSON at ", Position(text, error.byte)));
  } catch (const json::exception&) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": a number is too large"));
  }
}

}  // namespace gateway
