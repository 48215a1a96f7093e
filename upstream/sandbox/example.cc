#include "upstream/sandbox/example.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <initializer_list>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "upstream/sandbox/formats.h"

namespace gateway::sandbox {
namespace {

// Hashes the path with FNV-1a and finishes with splitmix64. The result is the same on every
// platform, unlike absl::Hash.
uint64_t Mix(uint64_t seed, absl::string_view path) {
  uint64_t hash = 14695981039346656037ull ^ seed;
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ull;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebull;
  return hash ^ (hash >> 31);
}

template <typename T>
T Pick(uint64_t dice, std::initializer_list<T> choices) {
  return *(choices.begin() + dice % choices.size());
}

class Maker {
 public:
  explicit Maker(const ExampleOptions& options) : options_(options) {}

  Json Value(const Type& type, const std::string& path, absl::string_view member, int depth) {
    const uint64_t dice = Mix(options_.seed, path);
    switch (type.kind) {
      case Type::Kind::kAny:
        if (!type.format.empty()) return Free(type, dice, member);
        return Json{{"kind", "example"}, {"number", dice % 1000}, {"list", {1, "two", nullptr}}};
      case Type::Kind::kNull:
        return nullptr;
      case Type::Kind::kBoolean:
        return dice % 2 == 0;
      case Type::Kind::kNumber:
        return Number(dice);
      case Type::Kind::kInteger:
        return Integer(type.format, dice);
      case Type::Kind::kString:
        return Fitted(type, Text(type.format, dice, member));
      case Type::Kind::kArray:
        return Array(type, path, member, depth);
      case Type::Kind::kMap:
        return Map(type, path, member, depth);
      case Type::Kind::kRef:
        return Ref(*type.schema, dice, path, member, depth);
    }
    return nullptr;
  }

 private:
  bool extreme() const { return options_.fill == Fill::kExtremes; }

  Json Number(uint64_t dice) const {
    if (!extreme()) return static_cast<double>(dice % 100000) / 1000;
    return Pick<double>(dice, {0.0, -0.5, 0.1, 1e-7, 123456789.123456789, 1.7976931348623157e308,
                               5e-324, -1.7976931348623157e308});
  }

  // Makes a string, or another value that the format of a kAny type allows.
  Json Free(const Type& type, uint64_t dice, absl::string_view member) const {
    if (type.format == "string-or-null" && dice % 3 == 0) return nullptr;
    if (type.format == "scalar" && dice % 3 == 1) return dice % 2 == 0;
    if (type.format == "scalar" && dice % 3 == 2) return Number(dice);
    return Fitted(type, Text("", dice, member));
  }

  // Extends or cuts the text to the type's bounds, which count characters.
  static Json Fitted(const Type& type, Json text) {
    auto& bytes = text.get_ref<std::string&>();
    while (CharactersIn(bytes) < type.min_length) bytes += bytes.empty() ? "x" : bytes;
    bytes.resize(FirstCharacters(bytes, type.max_length).size());
    return text;
  }

  Json Integer(absl::string_view format, uint64_t dice) const {
    if (format == "epoch-seconds") return Seconds(dice);
    if (!extreme()) return static_cast<int64_t>(dice % 10000) + 1;
    if (format == "int32") {
      return Pick<int64_t>(
          dice, {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max(), 0, -1});
    }
    return Pick<int64_t>(dice, {std::numeric_limits<int64_t>::min(),
                                std::numeric_limits<int64_t>::max(), 0, -1, (1ll << 53) + 1});
  }

  Json Text(absl::string_view format, uint64_t dice, absl::string_view member) const {
    if (format == "flake-id") return Flake(dice);
    if (format == "steam-id") return extreme() ? "18446744073709551615" : SteamId(dice);
    if (format == "date-time") return Time(dice);
    if (format == "period") return Period(dice);
    if (format == "digits") return absl::StrFormat("%06d", dice % 100000);
    if (!extreme()) return absl::StrCat(member.empty() ? "text" : member, "-", dice % 9973);
    return Pick<std::string>(
        dice, {"", std::string(4096, 'x'), "\"quoted\" \\ / \b\f\n\r\t \x01\x1f",
               "\xE2\x82\xAC \xF0\x9F\x92\xB6 \xE2\x80\xA8 \xC3\xA9", " lead and trail ", "null",
               "<script>&amp;%2F..</script>"});
  }

  // With kExtremes, this includes the first and the last second that a protobuf Timestamp can hold.
  Json Seconds(uint64_t dice) const {
    if (!extreme()) return int64_t{1700000000} + static_cast<int64_t>(dice % 100000000);
    return Pick<int64_t>(dice, {-62135596800, 253402300799, 0, -1, int64_t{1} << 31});
  }

  std::string Flake(uint64_t dice) const {
    if (!extreme()) return absl::StrCat(300000000000000000ull + dice % 100000000000000000ull);
    return Pick<std::string>(dice, {"0", "1", "9223372036854775807", "9007199254740993"});
  }

  static std::string SteamId(uint64_t dice) {
    return absl::StrCat(76561197960265728ull + dice % 1000000000ull);
  }

  std::string Time(uint64_t dice) const {
    if (!extreme()) {
      return absl::StrFormat("2025-%02d-%02dT%02d:%02d:%02dZ", 1 + dice % 12, 1 + dice / 12 % 28,
                             dice / 336 % 24, dice / 8064 % 60, dice / 483840 % 60);
    }
    return Pick<std::string>(dice, {"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
                                    "2024-02-29T23:59:59.1+05:30", "1969-12-31T23:59:59.999999Z",
                                    "2025-06-30T12:00:00-12:00"});
  }

  std::string Period(uint64_t dice) const {
    if (!extreme()) return absl::StrCat("P", 1 + dice % 30, "D");
    return Pick<std::string>(dice,
                             {"PT0S", "P99Y11M30DT23H59M59S", "P1Y", "PT36H", "P2W", "PT0.5S"});
  }

  size_t Count(uint64_t dice) const {
    if (options_.fill == Fill::kRequiredOnly) return 0;
    return extreme() ? dice % 4 : 2;
  }

  Json Array(const Type& type, const std::string& path, absl::string_view member, int depth) {
    Json array = Json::array();
    const size_t count = Count(Mix(options_.seed, absl::StrCat(path, "#")));
    for (size_t i = 0; i < count; ++i) {
      array.push_back(Value(*type.element, absl::StrCat(path, "[", i, "]"), member, depth));
    }
    return array;
  }

  Json Map(const Type& type, const std::string& path, absl::string_view member, int depth) {
    Json map = Json::object();
    const size_t count = Count(Mix(options_.seed, absl::StrCat(path, "#")));
    for (size_t i = 0; i < count; ++i) {
      const std::string key =
          extreme() ? Pick<std::string>(i, {"", "a.b[0]", "\xE2\x82\xAC"}) : absl::StrCat("key", i);
      map[key] = Value(*type.element, absl::StrCat(path, ".", key), member, depth);
    }
    return map;
  }

  Json Ref(const Schema& schema, uint64_t dice, const std::string& path, absl::string_view member,
           int depth) {
    if (schema.is_object) return Object(schema, path, depth + 1);
    if (schema.enum_texts.empty()) return Text(schema.format, dice, member);
    return schema.enum_texts[dice % schema.enum_texts.size()];
  }

  Json Object(const Schema& schema, const std::string& path, int depth) {
    Json object = Json::object();
    const bool required_only = options_.fill == Fill::kRequiredOnly || depth > options_.max_depth;
    for (const Field& field : schema.fields) {
      if (required_only && !field.required) continue;
      if (options_.fill == Fill::kNulls && field.MayBeNull()) {
        object[field.name] = nullptr;
        continue;
      }
      Json known = options_.known ? options_.known(field.name) : Absent();
      if (!IsAbsent(field.constant)) known = field.constant;
      if (IsAbsent(known)) {
        known = Value(field.type, absl::StrCat(path, ".", field.name), field.name, depth);
        Fit(field, known);
      }
      object[field.name] = std::move(known);
    }
    if (schema.open && options_.fill == Fill::kFull) {
      object["further_member"] = {{"deep", {1, "two", nullptr}}};
    }
    return object;
  }

  // Forces the value into the bounds that the field sets.
  void Fit(const Field& field, Json& value) {
    if (value.is_number_integer()) {
      auto number = value.get<int64_t>();
      if (field.min_seconds_ahead) {
        number = absl::ToUnixSeconds(options_.now) +
                 std::max<int64_t>(*field.min_seconds_ahead, std::abs(number % 80000));
      }
      number = std::max(number, field.minimum.value_or(number));
      value = std::min(number, field.maximum.value_or(number));
    }
    while (value.is_array() && value.size() < field.min_items) {
      value.push_back(Value(*field.type.element, absl::StrCat(field.name, value.size()), "", 1));
    }
  }

  const ExampleOptions& options_;
};

}  // namespace

Json Example(const Type& type, const ExampleOptions& options) {
  return Maker(options).Value(type, "", "", 0);
}

Json ExampleParameter(const Parameter& parameter, const ExampleOptions& options) {
  if (Json known = options.known ? options.known(parameter.name) : Absent(); !IsAbsent(known)) {
    return known;
  }
  const Type& type =
      parameter.type.kind == Type::Kind::kArray ? *parameter.type.element : parameter.type;
  Json value = Maker(options).Value(type, absl::StrCat("?", parameter.name), parameter.name, 0);
  if (!value.is_number_integer()) return value;
  const int64_t number = value.get<int64_t>();
  return std::clamp(number, parameter.minimum.value_or(number), parameter.maximum.value_or(number));
}

}  // namespace gateway::sandbox
