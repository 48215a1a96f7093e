#include "tools/apigen/model/model.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "google/protobuf/descriptor.h"
#include "tools/apigen/model/http_rule.h"
#include "tools/apigen/model/naming.h"

namespace gateway::apigen {
namespace {

constexpr int kFirstOfProtobufsOwn = google::protobuf::FieldDescriptor::kFirstReservedNumber;
constexpr int kLastOfProtobufsOwn = google::protobuf::FieldDescriptor::kLastReservedNumber;

// An open-ended reservation ("5 to max") does not say which numbers were in use, so HighestNumber()
// leaves it out.
bool IsOpenEnded(int last) { return last >= google::protobuf::FieldDescriptor::kMaxNumber; }

// Protobuf treats two field names as equal if they differ only in case and underscores.
std::string NameKey(const std::string& name) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(name, {{"_", ""}}));
}

// Returns the text before UNSPECIFIED in the name of the value 0.
absl::string_view PrefixOf(const Enum& owner) {
  for (const EnumValue& value : owner.values) {
    if (value.number != 0) continue;
    absl::string_view prefix = value.name;
    return absl::ConsumeSuffix(&prefix, "UNSPECIFIED") ? prefix : "";
  }
  return "";
}

template <typename Item>
int HighestNumber(const std::vector<Item>& items, const Reserved& reserved) {
  int highest = 0;
  for (const Item& item : items) highest = std::max(highest, item.number);
  for (const auto& [first, last] : reserved.ranges()) {
    if (!IsOpenEnded(last)) highest = std::max(highest, last);
  }
  return highest;
}

}  // namespace

void Reserved::AddRange(int first, int last) {
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin()) {
    auto previous = std::prev(next);
    if (previous->second >= first - 1) {
      first = previous->first;
      last = std::max(last, previous->second);
      ranges_.erase(previous);
    }
  }
  while (next != ranges_.end() && next->first - 1 <= last) {
    last = std::max(last, next->second);
    next = ranges_.erase(next);
  }
  ranges_[first] = last;
}

int NextNumber(const std::vector<Field>& fields, const Reserved& reserved) {
  const int next = HighestNumber(fields, reserved) + 1;
  const bool protobufs_own = next >= kFirstOfProtobufsOwn && next <= kLastOfProtobufsOwn;
  return protobufs_own ? kLastOfProtobufsOwn + 1 : next;
}

int NextNumber(const std::vector<EnumValue>& values, const Reserved& reserved) {
  return HighestNumber(values, reserved) + 1;
}

std::string TextOf(const Enum& owner, const EnumValue& value) {
  if (value.number == 0) return "";
  const auto& rules = value.options.GetExtension(gateway::v1::value);
  if (!rules.text().empty()) return rules.text();
  return absl::AsciiStrToLower(absl::StripPrefix(value.name, PrefixOf(owner)));
}

std::vector<std::string> TextsOf(const Enum& value) {
  std::vector<std::string> texts;
  for (const EnumValue& entry : value.values) {
    if (entry.number != 0) texts.push_back(TextOf(value, entry));
  }
  return texts;
}

std::string UpstreamNameOf(const Message& message) {
  const std::string& name = message.options.GetExtension(gateway::v1::schema).name();
  return name.empty() ? message.name : name;
}

std::string UpstreamNameOf(const Enum& value) {
  const std::string& name = value.options.GetExtension(gateway::v1::enum_schema).name();
  return name.empty() ? value.name : name;
}

std::string WireNameOf(const Field& field) {
  const std::string& name = field.options.GetExtension(gateway::v1::field).wire_name();
  return name.empty() ? field.name : name;
}

void MakeNameUnique(absl::string_view prefix, const std::vector<Field>& others, Field& field) {
  const auto is_taken = [&](const std::string& name) {
    return std::any_of(others.begin(), others.end(),
                       [&](const Field& other) { return NameKey(other.name) == NameKey(name); });
  };
  if (!is_taken(field.name)) return;
  const std::string wire_name = WireNameOf(field);
  const std::string plain = field.name;
  std::string name = absl::StrCat(prefix, plain);
  for (int i = 2; is_taken(name); ++i) name = absl::StrCat(prefix, plain, "_", i);
  field.name = name;
  field.options.MutableExtension(gateway::v1::field)->set_wire_name(wire_name);
}

EnumValue MakeEnumValue(const std::string& prefix, const std::string& text) {
  EnumValue value;
  const std::string word = UpperSnakeCase(text);
  value.name = absl::StrCat(prefix, word.empty() ? "OTHER" : word);
  if (value.name == absl::StrCat(prefix, "UNSPECIFIED")) {
    value.name = absl::StrCat(prefix, "UPSTREAM_UNSPECIFIED");
  }
  if (absl::AsciiStrToLower(value.name.substr(prefix.size())) != text) {
    value.options.MutableExtension(gateway::v1::value)->set_text(text);
  }
  return value;
}

std::string RouteOf(const Method& method) {
  if (!method.options.HasExtension(google::api::http)) return "";
  const HttpTarget target = TargetOf(method.options.GetExtension(google::api::http));
  return RouteText(target.verb, target.path);
}

}  // namespace gateway::apigen
