#include "upstream/sandbox/validator.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/formats.h"

namespace gateway::sandbox {
namespace {

// Seconds by which the clocks of two hosts may differ, for min_seconds_ahead and max_seconds_ahead.
constexpr int64_t kClockTolerance = 60;

class Walk {
 public:
  Walk(UnknownMembers unknown, absl::Time now, std::vector<Violation>& violations)
      : unknown_(unknown), now_(absl::ToUnixSeconds(now)), violations_(violations) {}

  void Value(const Type& type, const Json& value, const std::string& path) {
    switch (type.kind) {
      case Type::Kind::kAny:
        return Any(type, value, path);
      case Type::Kind::kNull:
        return Expect(value.is_null(), path, "null");
      case Type::Kind::kBoolean:
        return Expect(value.is_boolean(), path, "a boolean");
      case Type::Kind::kNumber:
        return Expect(value.is_number(), path, "a number");
      case Type::Kind::kInteger:
        return Integer(type, value, path);
      case Type::Kind::kString:
        Text(type.format, value, path);
        return Length(type, value, path);
      case Type::Kind::kArray:
        return Array(type, value, path);
      case Type::Kind::kMap:
        return Map(type, value, path);
      case Type::Kind::kRef:
        return Ref(*type.schema, value, path);
    }
  }

 private:
  void Add(absl::string_view code, std::string message, const std::string& path) {
    violations_.push_back({std::string(code), std::move(message), path});
  }

  void Expect(bool good, const std::string& path, absl::string_view what) {
    if (!good) Add("type", absl::StrCat("must be ", what), path);
  }

  void Any(const Type& type, const Json& value, const std::string& path) {
    if (type.format == "string-or-null") {
      Expect(value.is_string() || value.is_null(), path, "a string or null");
    } else if (type.format == "scalar") {
      Expect(value.is_string() || value.is_number() || value.is_boolean(), path,
             "a string, a number or a boolean");
    }
    Length(type, value, path);
  }

  void Length(const Type& type, const Json& value, const std::string& path) {
    if (!value.is_string()) return;
    const size_t length = CharactersIn(value.get_ref<const std::string&>());
    if (length < type.min_length || length > type.max_length) {
      Add("length", "is too long or too short", path);
    }
  }

  // Checks the bounds that the field sets beyond its type. The value must have the type.
  void Bounds(const Field& field, const Json& value, const std::string& path) {
    if (value.is_number_integer()) {
      const auto number = value.get<int64_t>();
      if (number < field.minimum.value_or(number) || number > field.maximum.value_or(number)) {
        Add("range", "is out of bounds", path);
      }
      const bool early =
          field.min_seconds_ahead && number < now_ + *field.min_seconds_ahead - kClockTolerance;
      const bool late =
          field.max_seconds_ahead && number > now_ + *field.max_seconds_ahead + kClockTolerance;
      if (early || late) {
        Add("range", "is too early or too late", path);
      }
    }
    if (!value.is_structured()) return;
    if (value.size() < field.min_items || value.size() > field.max_items) {
      Add("count", "has too many or too few elements", path);
    }
    if (!value.is_object()) return;
    for (const auto& [key, element] : value.items()) {
      if (CharactersIn(key) > field.max_key_length) {
        Add("length", "has a key that is too long", path);
      }
    }
  }

  void Integer(const Type& type, const Json& value, const std::string& path) {
    if (!value.is_number_integer()) return Expect(false, path, "an integer");
    const bool too_large = value.is_number_unsigned() &&
                           value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()};
    const int64_t number = too_large ? 0 : value.get<int64_t>();
    const bool narrow = type.format == "int32" && (number < std::numeric_limits<int32_t>::min() ||
                                                   number > std::numeric_limits<int32_t>::max());
    if (too_large || narrow) Add("range", absl::StrCat("must fit ", type.format), path);
  }

  void Text(const std::string& format, const Json& value, const std::string& path) {
    if (format == "steam-id" && value.is_number_unsigned()) return;
    if (!value.is_string()) return Expect(false, path, "a string");
    if (!HasFormat(format, value.get_ref<const std::string&>())) {
      Add("format", absl::StrCat("must be a ", format), path);
    }
  }

  void Array(const Type& type, const Json& value, const std::string& path) {
    if (!value.is_array()) return Expect(false, path, "an array");
    for (size_t i = 0; i < value.size(); ++i) {
      Value(*type.element, value[i], absl::StrCat(path, "[", i, "]"));
    }
  }

  void Map(const Type& type, const Json& value, const std::string& path) {
    if (!value.is_object()) return Expect(false, path, "an object");
    for (const auto& [key, item] : value.items()) Value(*type.element, item, Join(path, key));
  }

  void Ref(const Schema& schema, const Json& value, const std::string& path) {
    if (schema.is_object) return Object(schema, value, path);
    Text(schema.format, value, path);
    const auto is_value = [&value](const std::string& text) { return value == Json(text); };
    if (!schema.enum_texts.empty() && value.is_string() &&
        std::none_of(schema.enum_texts.begin(), schema.enum_texts.end(), is_value)) {
      Add("enum", absl::StrCat("is not a ", schema.name), path);
    }
  }

  void Object(const Schema& schema, const Json& value, const std::string& path) {
    if (!value.is_object()) return Expect(false, path, "an object");
    for (const Field& field : schema.fields) {
      const auto member = value.find(field.name);
      const std::string member_path = Join(path, field.name);
      if (member == value.end()) {
        if (field.required) Add("required", "is required", member_path);
        // A value read from a reply (kRefused) may lack this member.
        if (field.null_when_unset && unknown_ == UnknownMembers::kAsDeclared) {
          Add("required", "is required, as null where there is no value", member_path);
        }
      } else if (!member->is_null() || field.type.kind == Type::Kind::kNull) {
        const size_t before = violations_.size();
        Value(field.type, *member, member_path);
        if (!IsWrongItself(member_path, before)) Bounds(field, *member, member_path);
      } else if (!field.MayBeNull() && field.type.format != "string-or-null") {
        Add("null", "must not be null", member_path);
      }
    }
    if (schema.open) return;
    if (!schema.closed && unknown_ == UnknownMembers::kAsDeclared) return;
    for (const auto& [key, item] : value.items()) {
      if (schema.Find(key) == nullptr) {
        Add("unknown", absl::StrCat("is not a member of ", schema.name), Join(path, key));
      }
    }
  }

  // Whether one of the violations from `first` on is about this value, and not about a part of it.
  bool IsWrongItself(const std::string& path, size_t first) const {
    return std::any_of(violations_.begin() + static_cast<ptrdiff_t>(first), violations_.end(),
                       [&path](const Violation& violation) { return violation.path == path; });
  }

  static std::string Join(const std::string& path, absl::string_view member) {
    return path.empty() ? std::string(member) : absl::StrCat(path, ".", member);
  }

  const UnknownMembers unknown_;
  const int64_t now_;
  std::vector<Violation>& violations_;
};

}  // namespace

Json ReadScalar(const Type& type, absl::string_view text) {
  if (type.kind == Type::Kind::kInteger) {
    int64_t number = 0;
    if (absl::SimpleAtoi(text, &number)) return number;
  }
  if (type.kind == Type::Kind::kNumber) {
    double number = 0;
    if (absl::SimpleAtod(text, &number)) return number;
  }
  if (type.kind == Type::Kind::kBoolean) {
    if (text == "true") return true;
    if (text == "false") return false;
  }
  return std::string(text);
}

std::vector<Violation> Validate(const Type& type, const Json& value, UnknownMembers unknown,
                                absl::Time now) {
  std::vector<Violation> violations;
  Walk(unknown, now, violations).Value(type, value, "");
  return violations;
}

Json ParseParameter(const Parameter& parameter, absl::string_view text,
                    std::vector<Violation>& violations) {
  const Type& type =
      parameter.type.kind == Type::Kind::kArray ? *parameter.type.element : parameter.type;
  Json value = ReadScalar(type, text);
  std::vector<Violation> found = Validate(type, value, UnknownMembers::kRefused);
  if (found.empty() && value.is_number_integer()) {
    const int64_t number = value.get<int64_t>();
    if (number < parameter.minimum.value_or(number) ||
        number > parameter.maximum.value_or(number)) {
      found.push_back({"range", "is out of bounds", ""});
    }
  }
  if (found.empty()) return value;
  for (Violation& violation : found) {
    violation.path = parameter.name;
    violations.push_back(std::move(violation));
  }
  return Absent();
}

}  // namespace gateway::sandbox
