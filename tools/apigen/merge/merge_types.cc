#include "tools/apigen/merge/merge_types.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "gateway/v1/annotations.pb.h"

namespace gateway::apigen {
namespace {

using gateway::v1::FieldRules;

const FieldRules& RulesOf(const Field& field) {
  return field.options.GetExtension(gateway::v1::field);
}

template <typename Item>
const Item* FindByName(const std::vector<Item>& items, const std::string& name) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

// A committed int64 stays if upstream says int32: the wider type reads what the narrower one wrote.
// It also stays if upstream says a string that holds a 64-bit id.
bool StaysWide(const Field& committed, const Field& derived) {
  if (committed.type != "int64") return false;
  return derived.type == "int32" ||
         (derived.type == "string" && RulesOf(derived).format() == gateway::v1::FLAKE_ID);
}

bool IsCollection(const Field& field) {
  return field.label == Label::kRepeated || field.label == Label::kMap;
}

bool IsCompatible(const Field& committed, const Field& derived, const FieldMatching& matching) {
  if (IsCollection(committed) || IsCollection(derived)) {
    if (committed.label != derived.label) return false;
  }
  return committed.type == derived.type || StaysWide(committed, derived) ||
         (committed.type == "int32" && derived.type == "int64") ||
         matching.same_bytes(committed.type, derived.type);
}

// Whether a person must have set the format, because no OpenAPI file states it.
bool IsFormatByHand(gateway::v1::Format format) {
  return format == gateway::v1::EPOCH_SECONDS || format == gateway::v1::DIGITS ||
         format == gateway::v1::STRING_OR_NULL || format == gateway::v1::SCALAR;
}

enum class Demand { kNone, kOfNewCallers, kOfAll };

// Whether the field is a list or map that may be empty. If such a field is required, it is sent
// empty for callers that do not set it, so the requirement asks nothing of them. This holds only
// for requests that create: in an update, the empty list would clear the list that is stored.
bool IsSentEmpty(const Field& field) {
  return IsCollection(field) && RulesOf(field).min_items() == 0;
}

// Returns which callers must set the field. Callers that were built before the field was required
// cannot be asked for it.
Demand DemandOf(const Field& committed, const Field& derived, const FieldMatching& matching) {
  const FieldRules& by_hand = RulesOf(committed);
  if (!RulesOf(derived).required()) return Demand::kNone;
  if (by_hand.has_required() && !by_hand.required()) return Demand::kNone;
  if (by_hand.required() || !matching.sent) return Demand::kOfAll;
  if (matching.sent_to_create && IsSentEmpty(derived)) return Demand::kOfAll;
  if (derived.assumed_required && !by_hand.newly_required()) return Demand::kNone;
  return Demand::kOfNewCallers;
}

// Returns the committed rules that still fit the field. If the type or the label changed, only
// `sensitive`, `credential` and `required` are kept: the gateway does not start if a bound or a
// format does not fit the type.
FieldRules RulesByHand(const Field& committed, const Field& derived) {
  const bool same_type = committed.type == derived.type ||
                         (committed.type == "int32" && derived.type == "int64") ||
                         StaysWide(committed, derived);
  const bool same_label = IsCollection(committed) == IsCollection(derived) &&
                          (!IsCollection(derived) || committed.label == derived.label);
  if (same_type && same_label) return RulesOf(committed);
  FieldRules rules;
  rules.set_sensitive(RulesOf(committed).sensitive());
  rules.set_credential(RulesOf(committed).credential());
  if (RulesOf(committed).has_required()) rules.set_required(RulesOf(committed).required());
  return rules;
}

// A rule that upstream states replaces the committed rule. All other committed rules were set by
// hand, and stay.
FieldRules MergeRules(const Field& committed, const Field& derived, const FieldMatching& matching) {
  FieldRules rules = RulesByHand(committed, derived);
  const FieldRules& stated = RulesOf(derived);
  const Demand demand = DemandOf(committed, derived, matching);
  if (demand == Demand::kOfAll) {
    rules.set_required(true);
  } else if (rules.required()) {
    rules.clear_required();
  }
  rules.set_newly_required(demand == Demand::kOfNewCallers);
  rules.set_nullable(stated.nullable() || rules.null_when_unset());
  rules.clear_local();
  const bool keep_format = stated.format() == gateway::v1::FORMAT_UNSPECIFIED &&
                           IsFormatByHand(rules.format()) && committed.type == derived.type;
  if (!keep_format) rules.set_format(stated.format());
  if (StaysWide(committed, derived) && derived.type == "int32") {
    rules.set_format(gateway::v1::INT32);
  }
  // If upstream states no bound, the committed bound may have been set by hand, so it stays. A
  // bound that upstream once stated and has dropped looks like a bound set by hand. Such a bound
  // stays too, until a person removes it: too strict is better than too loose.
  if (stated.has_minimum()) rules.set_minimum(stated.minimum());
  if (stated.has_maximum()) rules.set_maximum(stated.maximum());
  if (stated.has_min_length()) rules.set_min_length(stated.min_length());
  if (stated.has_max_length()) rules.set_max_length(stated.max_length());
  if (stated.has_min_items()) rules.set_min_items(stated.min_items());
  if (stated.has_max_items()) rules.set_max_items(stated.max_items());
  const std::string wire_name = WireNameOf(derived);
  if (wire_name == committed.name) {
    rules.clear_wire_name();
  } else {
    rules.set_wire_name(wire_name);
  }
  return rules;
}

void SetRules(const FieldRules& rules, Field& field) {
  if (rules.ByteSizeLong() == 0) {
    field.options.ClearExtension(gateway::v1::field);
  } else {
    *field.options.MutableExtension(gateway::v1::field) = rules;
  }
}

// Returns the derived field with the committed name, comments and options, and with the merged
// rules. MergeMessage() sets the number.
Field MergeField(const Field& committed, const Field& derived, const FieldMatching& matching) {
  Field field = derived;
  field.name = committed.name;
  field.comments = committed.comments;
  if (StaysWide(committed, derived)) field.type = committed.type;
  field.options = committed.options;
  // A local field was deprecated because the upstream had removed it. Now the upstream has it
  // again.
  if (RulesOf(committed).local()) field.options.clear_deprecated();
  if (derived.options.deprecated()) field.options.set_deprecated(true);
  SetRules(MergeRules(committed, derived, matching), field);
  return field;
}

// Returns `derived` as a new field of a committed message. In a message that callers send, a
// required field becomes required of new callers only, unless it can be sent empty.
Field NewField(const Field& derived, const FieldMatching& matching) {
  Field field = derived;
  FieldRules rules = RulesOf(field);
  if (!matching.sent || !rules.required()) return field;
  if (matching.sent_to_create && IsSentEmpty(derived)) return field;
  rules.clear_required();
  rules.set_newly_required(true);
  SetRules(rules, field);
  return field;
}

void KeepAsLocal(Field& field) {
  field.options.set_deprecated(true);
  FieldRules rules = RulesOf(field);
  // The upstream does not know the field any more, so the field cannot be required.
  rules.clear_required();
  rules.clear_newly_required();
  rules.set_local(true);
  SetRules(rules, field);
}

const Field* FindByKey(const std::vector<Field>& fields,
                       const std::function<std::string(const Field&)>& key_of,
                       const std::string& key) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return key_of(field) == key; });
  return found == fields.end() ? nullptr : &*found;
}

template <typename Item>
void Reserve(const Item& removed, Reserved& reserved) {
  reserved.AddNumber(removed.number);
  reserved.names.insert(removed.name);
}

template <typename Item>
void SortByNumber(std::vector<Item>& items) {
  std::sort(items.begin(), items.end(),
            [](const Item& a, const Item& b) { return a.number < b.number; });
}

const EnumValue* FindByText(const Enum& owner, const std::string& text) {
  for (const EnumValue& value : owner.values) {
    if (value.number != 0 && TextOf(owner, value) == text) return &value;
  }
  return nullptr;
}

// Returns the committed value with the same text. If there is none, returns the committed value
// with the same name, provided that no derived value has that committed value's text. Otherwise
// returns null.
const EnumValue* FindValue(const Enum& committed, const Enum& derived, const EnumValue& value) {
  if (const EnumValue* same_text = FindByText(committed, TextOf(derived, value))) return same_text;
  const EnumValue* same_name = FindByName(committed.values, value.name);
  const bool respelled = same_name != nullptr && same_name->number != 0 &&
                         FindByText(derived, TextOf(committed, *same_name)) == nullptr;
  return respelled ? same_name : nullptr;
}

EnumValue MergeValue(const Enum& owner, const EnumValue& committed, const EnumValue& derived) {
  EnumValue value = committed;
  const std::string text = TextOf(owner, derived);
  // A local value was deprecated because the upstream had removed it. Now the upstream has it
  // again.
  if (value.options.GetExtension(gateway::v1::value).local()) value.options.clear_deprecated();
  value.options.ClearExtension(gateway::v1::value);
  if (TextOf(owner, value) != text) {
    value.options.MutableExtension(gateway::v1::value)->set_text(text);
  }
  return value;
}

// Merges the schema rules of a type that the upstream has. If the committed type is `gone` or
// `local`, the upstream has it again: removes these marks, and `deprecated`.
template <typename Options, typename Extension>
void MergeSchemaRules(const Options& derived, const Extension& extension, Options& options) {
  gateway::v1::SchemaRules rules = options.GetExtension(extension);
  if (rules.gone() || rules.local()) options.clear_deprecated();
  rules.clear_gone();
  rules.clear_local();
  rules.set_name(derived.GetExtension(extension).name());
  if (rules.ByteSizeLong() == 0) {
    options.ClearExtension(extension);
  } else {
    *options.MutableExtension(extension) = rules;
  }
}

}  // namespace

Message MergeMessage(const Message& committed, const Message& derived,
                     const FieldMatching& matching, const std::set<std::string>& documented) {
  Message message = derived;
  message.fields.clear();
  message.reserved = committed.reserved;
  message.options = committed.options;
  MergeSchemaRules(derived.options, gateway::v1::schema, message.options);
  message.comments = committed.comments;
  std::vector<Field> unnumbered;
  for (const Field& field : derived.fields) {
    const Field* old =
        FindByKey(committed.fields, matching.committed_key, matching.derived_key(field));
    Field merged = old != nullptr ? MergeField(*old, field, matching) : NewField(field, matching);
    if (old != nullptr && IsCompatible(*old, field, matching)) {
      merged.number = old->number;
      message.fields.push_back(std::move(merged));
    } else {
      if (old != nullptr) message.reserved.AddNumber(old->number);
      unnumbered.push_back(std::move(merged));
    }
  }
  for (Field old : committed.fields) {
    const std::string key = matching.committed_key(old);
    if (FindByKey(derived.fields, matching.derived_key, key) != nullptr) continue;
    const bool local = RulesOf(old).local();
    if (!local && documented.count(WireNameOf(old)) == 0) {
      Reserve(old, message.reserved);
      continue;
    }
    if (!local) KeepAsLocal(old);
    message.fields.push_back(std::move(old));
  }
  for (Field& field : unnumbered) {
    MakeNameUnique("query_", message.fields, field);
    field.number = NextNumber(message.fields, message.reserved);
    message.reserved.names.erase(field.name);
    message.fields.push_back(std::move(field));
  }
  SortByNumber(message.fields);
  return message;
}

Enum MergeEnum(const Enum& committed, const Enum& derived,
               const std::set<std::string>& documented) {
  Enum result = committed;
  MergeSchemaRules(derived.options, gateway::v1::enum_schema, result.options);
  result.values.clear();
  std::vector<EnumValue> added;
  for (const EnumValue& value : derived.values) {
    if (value.number == 0) {
      result.values.push_back(committed.values.front());
    } else if (const EnumValue* old = FindValue(committed, derived, value)) {
      result.values.push_back(MergeValue(committed, *old, value));
    } else {
      added.push_back(value);
    }
  }
  for (EnumValue old : committed.values) {
    if (FindByName(result.values, old.name) != nullptr) continue;
    const bool local = old.options.GetExtension(gateway::v1::value).local();
    if (!local && documented.count(TextOf(committed, old)) == 0) {
      Reserve(old, result.reserved);
      continue;
    }
    if (!local) {
      old.options.MutableExtension(gateway::v1::value)->set_local(true);
      old.options.set_deprecated(true);
    }
    result.values.push_back(std::move(old));
  }
  for (EnumValue& value : added) {
    value.number = NextNumber(result.values, result.reserved);
    result.reserved.names.erase(value.name);
    result.values.push_back(std::move(value));
  }
  SortByNumber(result.values);
  return result;
}

Message Tombstone(const Message& committed) {
  Message message = committed;
  for (const Field& field : committed.fields) Reserve(field, message.reserved);
  message.fields.clear();
  message.options.set_deprecated(true);
  message.options.MutableExtension(gateway::v1::schema)->set_gone(true);
  return message;
}

Enum Tombstone(const Enum& committed) {
  Enum value = committed;
  for (const EnumValue& entry : committed.values) {
    if (entry.number != 0) Reserve(entry, value.reserved);
  }
  value.values.resize(1);
  value.options.set_deprecated(true);
  value.options.MutableExtension(gateway::v1::enum_schema)->set_gone(true);
  return value;
}

namespace {

bool IsReserved(const Reserved& reserved, int number) {
  return std::any_of(
      reserved.ranges().begin(), reserved.ranges().end(),
      [number](const auto& range) { return range.first <= number && number <= range.second; });
}

}  // namespace

bool HasNumbersOf(const Message& before, const Message& after) {
  return std::all_of(before.fields.begin(), before.fields.end(), [&](const Field& field) {
    const Field* same = FindByKey(after.fields, WireNameOf, WireNameOf(field));
    if (same != nullptr) return same->number == field.number && same->type == field.type;
    return IsReserved(after.reserved, field.number);
  });
}

bool HasNumbersOf(const Enum& before, const Enum& after) {
  return std::all_of(before.values.begin(), before.values.end(), [&](const EnumValue& value) {
    if (value.number == 0) return true;
    const EnumValue* same = FindByText(after, TextOf(before, value));
    if (same != nullptr) return same->number == value.number;
    return IsReserved(after.reserved, value.number);
  });
}

}  // namespace gateway::apigen
