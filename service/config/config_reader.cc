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

}  // namespace

ConfigReader::ConfigReader(std::string file, json root)
    : file_(std::move(file)), root_(std::move(root)) {
  if (!root_.is_object()) AddError("", "expected a JSON object");
}

ConfigReader::Section ConfigReader::Root() {
  return Section(*this, "", "", root_.is_object() ? &root_ : nullptr);
}

absl::Status ConfigReader::status() const {
  if (errors_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(errors_, "\n"));
}

void ConfigReader::AddError(absl::string_view path, absl::string_view reason) {
  errors_.push_back(absl::StrCat(file_, ": ", path, path.empty() ? "" : ": ", reason));
}

ConfigReader::Section::Section(ConfigReader& reader, std::string path, std::string documented_path,
                               const json* object)
    : reader_(reader),
      path_(std::move(path)),
      documented_path_(std::move(documented_path)),
      object_(object) {}

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

void ConfigReader::Section::Read(absl::string_view key, absl::string_view documentation,
                                 std::string& value) {
  const json* found = Find(key, documentation, json(value).dump());
  if (found == nullptr) return;
  if (!found->is_string()) return Fail(key, "expected a string");
  value = found->get<std::string>();
}

void ConfigReader::Section::Read(absl::string_view key, absl::string_view documentation,
                                 bool& value) {
  const json* found = Find(key, documentation, value ? "true" : "false");
  if (found == nullptr) return;
  if (!found->is_boolean()) return Fail(key, "expected true or false");
  value = found->get<bool>();
}

void ConfigReader::Section::Read(absl::string_view key, absl::string_view documentation,
                                 int64_t& value, int64_t minimum, int64_t maximum) {
  const json* found = Find(key, documentation, absl::StrCat(value));
  if (found == nullptr) return;
  const bool too_large = found->is_number_unsigned() && found->get<uint64_t>() > INT64_MAX;
  if (!found->is_number_integer() || too_large || found->get<int64_t>() < minimum ||
      found->get<int64_t>() > maximum) {
    return Fail(key, absl::StrCat("expected a whole number from ", minimum, " to ", maximum));
  }
  value = found->get<int64_t>();
}

void ConfigReader::Section::Read(absl::string_view key, absl::string_view documentation,
                                 double& value, double minimum, double maximum) {
  const json* found = Find(key, documentation, absl::StrCat(value));
  if (found == nullptr) return;
  if (!found->is_number() || found->get<double>() < minimum || found->get<double>() > maximum) {
    return Fail(key, absl::StrCat("expected a number from ", minimum, " to ", maximum));
  }
  value = found->get<double>();
}

void ConfigReader::Section::Read(absl::string_view key, absl::string_view documentation,
                                 absl::Duration& value, absl::Duration minimum) {
  const json* found =
      Find(key, documentation, absl::StrCat("\"", absl::FormatDuration(value), "\""));
  if (found == nullptr) return;
  absl::Duration duration;
  if (!found->is_string() ||
      !absl::ParseDuration(found->get_ref<const std::string&>(), &duration) ||
      duration < absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
    return Fail(key, "expected a duration such as \"250ms\", \"30s\" or \"5m\"");
  }
  if (duration < minimum) {
    return Fail(key, absl::StrCat("must be at least ", absl::FormatDuration(minimum)));
  }
  value = duration;
}

void ConfigReader::Section::Read(absl::string_view key, absl::string_view documentation,
                                 std::vector<std::string>& texts) {
  const json* found = Find(key, documentation, "[]");
  if (found == nullptr) return;
  const auto is_text = [](const json& value) {
    return value.is_string() && !value.get_ref<const std::string&>().empty();
  };
  if (!found->is_array() || !std::all_of(found->begin(), found->end(), is_text)) {
    return Fail(key, "expected a list of strings, none of them empty");
  }
  // Whoever writes an empty list means "none", but a list that is left out may mean "all".
  if (found->empty()) return Fail(key, "is empty: leave it out, or name something");
  texts = found->get<std::vector<std::string>>();
}

void ConfigReader::Section::ReadTexts(absl::string_view key, absl::string_view placeholder,
                                      absl::string_view documentation,
                                      std::map<std::string, std::string>& texts) {
  // The table of keys gets a row for the members, and none for the object.
  Find(absl::StrCat(key, ".<", placeholder, ">"), documentation, "\"\"");
  known_.emplace_back(key);
  const auto object = object_ == nullptr ? json::const_iterator() : object_->find(std::string(key));
  if (object_ == nullptr || object == object_->end()) return;
  if (!object->is_object()) return Fail(key, "expected an object");
  for (const auto& [name, value] : object->items()) {
    if (value.is_string() && !name.empty()) {
      texts.emplace(name, value.get<std::string>());
    } else {
      Fail(absl::StrCat(key, ".", name), "expected a string");
    }
  }
}

ConfigReader::Section ConfigReader::Section::Child(absl::string_view key,
                                                   absl::string_view documentation) {
  const json* object = FindObject(key, documentation);
  return Section(reader_, PathOf(key), DocumentedPathOf(key), object);
}

void ConfigReader::Section::Each(absl::string_view key, absl::string_view placeholder,
                                 absl::string_view documentation,
                                 absl::FunctionRef<void(const std::string&, Section&)> visit) {
  const json* object = FindObject(key, documentation);
  const std::string documented = absl::StrCat(DocumentedPathOf(key), ".<", placeholder, ">");
  if (object == nullptr || object->empty()) {
    Section section(reader_, "", documented, nullptr);
    visit(absl::StrCat("<", placeholder, ">"), section);
    return;
  }
  for (const auto& [name, value] : object->items()) {
    const std::string path = absl::StrCat(PathOf(key), ".", name);
    if (!value.is_object()) reader_.AddError(path, "expected an object");
    Section section(reader_, path, documented, value.is_object() ? &value : nullptr);
    visit(name, section);
  }
}

void ConfigReader::Section::Fail(absl::string_view key, absl::string_view reason) {
  reader_.AddError(PathOf(key), reason);
}

const json* ConfigReader::Section::Find(absl::string_view key, absl::string_view documentation,
                                        std::string default_value) {
  known_.emplace_back(key);
  const std::string path = DocumentedPathOf(key);
  const bool declared = std::any_of(reader_.keys_.begin(), reader_.keys_.end(),
                                    [&](const Key& known) { return known.path == path; });
  if (!declared) {
    reader_.keys_.push_back({path, std::move(default_value), std::string(documentation)});
  }
  if (object_ == nullptr) return nullptr;
  const auto member = object_->find(std::string(key));
  return member == object_->end() ? nullptr : &*member;
}

const json* ConfigReader::Section::FindObject(absl::string_view key,
                                              absl::string_view documentation) {
  const json* found = Find(key, documentation, "");
  if (found == nullptr || found->is_object()) return found;
  Fail(key, "expected an object");
  return nullptr;
}

std::string ConfigReader::Section::PathOf(absl::string_view key) const { return Join(path_, key); }

std::string ConfigReader::Section::DocumentedPathOf(absl::string_view key) const {
  return Join(documented_path_, key);
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
