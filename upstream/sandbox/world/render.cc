#include "upstream/sandbox/world/render.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "upstream/sandbox/example.h"
#include "upstream/sandbox/formats.h"
#include "upstream/sandbox/validator.h"

namespace gateway::sandbox {
namespace {

// The greatest depth of nested objects. It ends the rendering of records that refer to each other
// in a circle.
constexpr int kMostNested = 12;

class Rendering {
 public:
  explicit Rendering(World& world) : world_(world) {}

  Json Value(const Type& type, const Json& value, int depth) {
    if (type.kind == Type::Kind::kArray && value.is_array()) {
      Json array = Json::array();
      for (const Json& element : value) array.push_back(Value(*type.element, element, depth));
      return array;
    }
    if (type.kind == Type::Kind::kMap && value.is_object()) {
      Json map = Json::object();
      for (const auto& [key, element] : value.items()) {
        map[key] = Value(*type.element, element, depth);
      }
      return map;
    }
    const bool object = type.kind == Type::Kind::kRef && type.schema->is_object;
    return object && value.is_object() ? Object(*type.schema, value, depth + 1) : value;
  }

 private:
  Json Object(const Schema& schema, const Json& own, int depth) {
    const Json merged = WithReferred(schema, own);
    Json shown = Json::object();
    for (const Field& field : schema.fields) {
      Json value =
          depth > kMostNested && !field.required ? Absent() : Member(schema, field, merged, depth);
      if (!IsAbsent(value)) shown[field.name] = std::move(value);
    }
    return shown;
  }

  // If `own` is the short form of a record of another collection, such as {"id": ...}, adds the
  // members that `own` lacks from that record.
  Json WithReferred(const Schema& schema, const Json& own) {
    const Json& collection = world_.Setting({"references", schema.name});
    if (!collection.is_string() || !own.contains("id")) return own;
    const auto handle = world_.state().Find(collection.get<std::string>(), {{"id", own["id"]}});
    if (!handle) return own;
    Json merged = *world_.state().Get(*handle);
    merged.update(own);
    return merged;
  }

  Json Member(const Schema& schema, const Field& field, const Json& record, int depth) {
    if (const auto own = record.find(field.name); own != record.end()) {
      const bool must_be_shown = own->is_null() && field.required && !field.nullable &&
                                 field.type.kind != Type::Kind::kAny;
      if (own->is_null() && !must_be_shown) return field.MayBeNull() ? Shown(field) : Json();
      if (!must_be_shown) return Value(field.type, *own, depth);
    }
    Json value = Computed(schema, field, record);
    if (IsAbsent(value)) value = Referred(field, record);
    if (!IsAbsent(value)) return Value(field.type, value, depth);
    value = Derived(schema, field, record, depth);
    if (IsAbsent(value) && !Optional(field)) value = ByName(field);
    if (!IsAbsent(value)) return Value(field.type, value, depth);
    return Optional(field) ? Shown(field) : MadeUp(schema, field, record, depth);
  }

  static bool Optional(const Field& field) { return field.nullable || !field.required; }

  // Returns null or Absent() for a member without a value: the upstream uses both.
  static Json Shown(const Field& field) {
    if (field.nullable && (field.required || field.name.size() % 2 == 0)) return nullptr;
    return Absent();
  }

  Json Computed(const Schema& schema, const Field& field, const Json& record) {
    const Script::Path section = {"collections", schema.name, "computed"};
    const Json& computed = world_.Setting(section);
    const auto found = computed.find(field.name);
    if (found == computed.end()) return Absent();
    return world_.Value(*found, section, field.name, record);
  }

  Json Referred(const Field& field, const Json& record) {
    if (field.type.kind != Type::Kind::kRef || !field.type.schema->is_object) return Absent();
    const auto id = record.find(field.name + "_id");
    if (id == record.end() || !id->is_string()) return Absent();
    const Json& other = world_.Setting({"references", field.type.ref});
    const std::string collection = other.is_string() ? other.get<std::string>() : field.type.ref;
    const auto handle = world_.state().Find(collection, {{"id", *id}});
    return handle ? *world_.state().Get(*handle) : Absent();
  }

  Json Derived(const Schema& schema, const Field& field, const Json& record, int depth) {
    absl::string_view base = field.name;
    if (absl::ConsumeSuffix(&base, "_str")) {
      const Field* amount = schema.Find(base);
      if (amount == nullptr) return Absent();
      const Json value = Member(schema, *amount, record, depth);
      if (!value.is_number_integer()) return Absent();
      return MoneyText(value.get<int64_t>(), Currency(record, field.name));
    }
    for (const Json& prefix : world_.Setting({"mirrors"})) {
      absl::string_view mirrored = field.name;
      if (!absl::ConsumePrefix(&mirrored, prefix.get<std::string>())) continue;
      const Field* source = schema.Find(mirrored);
      if (source == nullptr) continue;
      Json value = Member(schema, *source, record, depth);
      if (!IsNothing(value)) return value;
    }
    return Absent();
  }

  static std::string Currency(const Json& record, absl::string_view member) {
    const bool presented = absl::StrContains(member, "presentment_");
    const Json currency = record.value("currency", Json("usd"));
    const Json shown = presented ? record.value("presentment_currency", currency) : currency;
    return shown.is_string() ? shown.get<std::string>() : "usd";
  }

  Json ByName(const Field& field) {
    const Json& fill = world_.Setting({"fill"});
    const auto found = fill.find(field.name);
    if (found == fill.end()) return Absent();
    return Validate(field.type, *found, UnknownMembers::kRefused).empty() ? *found : Absent();
  }

  Json MadeUp(const Schema& schema, const Field& field, const Json& record, int depth) {
    if (field.type.kind == Type::Kind::kRef && field.type.schema->is_object &&
        depth <= kMostNested) {
      return Object(*field.type.schema, Json::object(), depth + 1);
    }
    ExampleOptions options;
    options.fill = Fill::kRequiredOnly;
    const Json id = record.value("id", Json(schema.name));
    for (const char c : absl::StrCat(schema.name, PlainText(id), field.name)) {
      options.seed = options.seed * 31 + static_cast<unsigned char>(c);
    }
    return Example(field.type, options);
  }

  World& world_;
};

}  // namespace

Json Render(World& world, const Type& type, const Json& value) {
  return Rendering(world).Value(type, value, 0);
}

}  // namespace gateway::sandbox
