#include "tests/end_to_end/support/difference.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace gateway::end_to_end {
namespace {

using sandbox::Absent;
using sandbox::IsAbsent;
using sandbox::Json;
using sandbox::Type;

// JSON has only one kind of number: two integers must be equal exactly, other numbers as doubles.
bool SameNumber(const Json& a, const Json& b) {
  if (a.is_number_integer() && b.is_number_integer()) return a == b;
  return a.get<double>() == b.get<double>();
}

bool SameFreeForm(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return SameNumber(a, b);
  if (a.type() != b.type() || a.size() != b.size()) return false;
  if (a.is_object()) {
    for (const auto& [name, value] : a.items()) {
      if (!b.contains(name) || !SameFreeForm(value, b[name])) return false;
    }
    return true;
  }
  if (a.is_array()) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (!SameFreeForm(a[i], b[i])) return false;
    }
    return true;
  }
  return a == b;
}

bool SameInstant(const std::string& a, const std::string& b) {
  absl::Time first, second;
  std::string error;
  return absl::ParseTime(absl::RFC3339_full, a, &first, &error) &&
         absl::ParseTime(absl::RFC3339_full, b, &second, &error) && first == second;
}

class Comparison {
 public:
  explicit Comparison(Way way) : way_(way) {}

  void Value(const Type& type, const Json& expected, const Json& actual, const std::string& path) {
    switch (type.kind) {
      case Type::Kind::kArray:
        return Array(type, expected, actual, path);
      case Type::Kind::kMap:
        return Map(type, expected, actual, path);
      case Type::Kind::kRef:
        if (type.schema->is_object) return Object(*type.schema, expected, actual, path);
        break;
      default:
        break;
    }
    if (!SameScalar(type, expected, actual)) Differ(path, expected, actual);
  }

  std::vector<std::string> Take() { return std::move(differences_); }

 private:
  static bool SameScalar(const Type& type, const Json& expected, const Json& actual) {
    switch (type.kind) {
      case Type::Kind::kInteger:
        return actual.is_number_integer() && expected.is_number_integer() && actual == expected;
      case Type::Kind::kNumber:
        return actual.is_number() && expected.is_number() && SameNumber(expected, actual);
      case Type::Kind::kAny:
        return SameFreeForm(expected, actual);
      case Type::Kind::kString:
        if (type.format == "date-time" && actual.is_string() && expected.is_string()) {
          return SameInstant(expected.get<std::string>(), actual.get<std::string>());
        }
        return actual.type() == expected.type() && actual == expected;
      default:
        return actual.type() == expected.type() && actual == expected;
    }
  }

  // Whether the expected value may be missing from the actual JSON.
  bool MayBeMissing(const Json& expected, bool required) const {
    if (expected.is_null()) return way_ != Way::kMaskedRequest;
    if (!expected.is_structured() || !expected.empty()) return false;
    return way_ == Way::kReply || !required;
  }

  // Whether an unset member must be sent as null in a request.
  bool IsNullWhenUnset(const sandbox::Field* field) const {
    return field != nullptr && field->null_when_unset && way_ == Way::kRequest;
  }

  // Checks the members that `expected` lacks and that must be sent as null.
  void NullsWhenUnset(const sandbox::Schema& schema, const Json& expected, const Json& actual,
                      const std::string& path) {
    for (const sandbox::Field& field : schema.fields) {
      if (!IsNullWhenUnset(&field) || expected.contains(field.name)) continue;
      const Json found = actual.contains(field.name) ? actual[field.name] : Absent();
      if (!found.is_null() || IsAbsent(found)) {
        Differ(absl::StrCat(path, ".", field.name), nullptr, found);
      }
    }
  }

  void Object(const sandbox::Schema& schema, const Json& expected, const Json& actual,
              const std::string& path) {
    if (!expected.is_object() || !actual.is_object()) return Differ(path, expected, actual);
    NullsWhenUnset(schema, expected, actual, path);
    for (const auto& [name, value] : expected.items()) {
      const sandbox::Field* field = schema.Find(name);
      const std::string here = absl::StrCat(path, ".", name);
      const bool null_is_a_value = (field != nullptr && field->type.format == "string-or-null") ||
                                   (value.is_null() && IsNullWhenUnset(field));
      const bool is_empty = value.is_string() && value.get_ref<const std::string&>().empty();
      const bool unset = field != nullptr && field->empty_is_unset && is_empty;
      if (null_is_a_value || (unset && way_ == Way::kReply)) {
        const Json found = actual.contains(name) ? actual[name] : Absent();
        if (found != (unset ? Absent() : value)) Differ(here, value, found);
      } else if (!actual.contains(name)) {
        if (!MayBeMissing(value, field != nullptr && field->required)) {
          Differ(here, value, Absent());
        }
      } else if (value.is_null()) {
        Null(field == nullptr ? Type() : field->type, actual[name], here);
      } else if (field != nullptr) {
        Value(field->type, value, actual[name], here);
      } else if (!SameFreeForm(value, actual[name])) {
        Differ(here, value, actual[name]);
      }
    }
    for (const auto& [name, value] : actual.items()) {
      if (expected.contains(name) || IsNullWhenUnset(schema.Find(name))) continue;
      Differ(absl::StrCat(path, ".", name), Absent(), value);
    }
  }

  // Checks a value that is expected to be null. With a mask, a list or map is cleared by an empty
  // list or map, because protobuf has no null for it.
  void Null(const Type& type, const Json& actual, const std::string& path) {
    const bool emptied = way_ == Way::kMaskedRequest && type.element != nullptr &&
                         actual.is_structured() && actual.empty();
    if (!actual.is_null() && !emptied) Differ(path, nullptr, actual);
    if (actual.is_null() && way_ == Way::kRequest) Differ(path, Absent(), actual);
  }

  // A mask does not apply inside lists and maps: there, null is left out as in a request without a
  // mask.
  void Element(const Type& type, const Json& expected, const Json& actual,
               const std::string& path) {
    Comparison below(way_ == Way::kMaskedRequest ? Way::kRequest : way_);
    below.Value(type, expected, actual, path);
    for (std::string& difference : below.differences_) {
      differences_.push_back(std::move(difference));
    }
  }

  void Array(const Type& type, const Json& expected, const Json& actual, const std::string& path) {
    if (!expected.is_array() || !actual.is_array() || expected.size() != actual.size()) {
      return Differ(path, expected, actual);
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      Element(*type.element, expected[i], actual[i], absl::StrCat(path, "[", i, "]"));
    }
  }

  void Map(const Type& type, const Json& expected, const Json& actual, const std::string& path) {
    if (!expected.is_object() || !actual.is_object() || expected.size() != actual.size()) {
      return Differ(path, expected, actual);
    }
    for (const auto& [key, value] : expected.items()) {
      const std::string here = absl::StrCat(path, "[\"", key, "\"]");
      if (actual.contains(key)) {
        Element(*type.element, value, actual[key], here);
      } else {
        Differ(here, value, Absent());
      }
    }
  }

  void Differ(const std::string& path, const Json& expected, const Json& actual) {
    const auto show = [](const Json& json) {
      return IsAbsent(json) ? std::string("nothing") : sandbox::WriteJson(json).substr(0, 300);
    };
    differences_.push_back(absl::StrCat(path.empty() ? "the whole" : path, ": expected ",
                                        show(expected), ", got ", show(actual)));
  }

  const Way way_;
  std::vector<std::string> differences_;
};

}  // namespace

std::vector<std::string> Differences(const Type& type, const Json& expected, const Json& actual,
                                     Way way) {
  Comparison comparison(way);
  comparison.Value(type, expected, actual, "");
  return comparison.Take();
}

bool IsTextOf(const Type& type, const Json& expected, const std::string& text) {
  if (type.format == "date-time") return SameInstant(expected.get<std::string>(), text);
  return expected.is_string() ? expected.get<std::string>() == text : expected.dump() == text;
}

}  // namespace gateway::end_to_end
