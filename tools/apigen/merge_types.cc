#include "tools/apigen/merge_types.h"

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

// A committed int64 goes on where upstream says int32: the wider type reads what the narrower one
// wrote.
bool StaysWide(const Field& committed, const Field& derived) {
  return committed.type == "int64" && derived.type == "int32";
}

// Whether old bytes mean the same when read as the new type.
bool IsCompatible(const Field& committed, const Field& derived) {
  if (committed.label != derived.label) return false;
  return committed.type == derived.type || StaysWide(committed, derived) ||
         (committed.type == "int32" && derived.type == "int64");
}

FieldRules MergeRules(const Field& committed, const Field& derived) {
  FieldRules rules = RulesOf(derived);
  const FieldRules& by_hand = RulesOf(committed);
  if (by_hand.sensitive()) rules.set_sensitive(true);
  if (by_hand.null_when_unset()) rules.set_null_when_unset(true);
  if (by_hand.loose()) rules.set_loose(true);
  if (by_hand.credential()) rules.set_credential(true);
  if (by_hand.has_min_items()) rules.set_min_items(by_hand.min_items());
  if (by_hand.has_max_items()) rules.set_max_items(by_hand.max_items());
  // Where upstream states no bound, one may have been set by hand. One that upstream has given up
  // looks the same and stays too: it errs on the strict side until a person removes it.
  if (!rules.has_minimum() && by_hand.has_minimum()) rules.set_minimum(by_hand.minimum());
  if (!rules.has_maximum() && by_hand.has_maximum()) rules.set_maximum(by_hand.maximum());
  if (StaysWide(committed, derived)) rules.set_format(gateway::v1::INT32);
  return rules;
}

// The derived field with what the committed one has beyond it. The number is not settled here.
Field MergeField(const Field& committed, const Field& derived) {
  Field field = derived;
  field.comments = committed.comments;
  if (StaysWide(committed, derived)) field.type = committed.type;
  field.options = committed.options;
  if (derived.options.deprecated()) field.options.set_deprecated(true);
  const FieldRules rules = MergeRules(committed, derived);
  if (rules.ByteSizeLong() == 0) {
    field.options.ClearExtension(gateway::v1::field);
  } else {
    *field.options.MutableExtension(gateway::v1::field) = rules;
  }
  return field;
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

// The committed value that stands for the same text. Failing that the one of the same name, if its
// own text is gone.
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
  value.options.ClearExtension(gateway::v1::value);
  if (TextOf(owner, value) != text) {
    value.options.MutableExtension(gateway::v1::value)->set_text(text);
  }
  return value;
}

}  // namespace

Message MergeMessage(const Message& committed, const Message& derived) {
  Message message = derived;
  message.fields.clear();
  message.reserved = committed.reserved;
  message.options = committed.options;
  message.comments = committed.comments;
  std::vector<Field> unnumbered;
  for (const Field& field : derived.fields) {
    const Field* old = FindByName(committed.fields, field.name);
    Field merged = old != nullptr ? MergeField(*old, field) : field;
    if (old != nullptr && IsCompatible(*old, field)) {
      merged.number = old->number;
      message.fields.push_back(std::move(merged));
    } else {
      if (old != nullptr) message.reserved.AddNumber(old->number);
      unnumbered.push_back(std::move(merged));
    }
  }
  for (const Field& old : committed.fields) {
    if (FindByName(derived.fields, old.name) != nullptr) continue;
    if (RulesOf(old).local()) {
      message.fields.push_back(old);
    } else {
      Reserve(old, message.reserved);
    }
  }
  for (Field& field : unnumbered) {
    field.number = NextNumber(message.fields, message.reserved);
    message.reserved.names.erase(field.name);
    message.fields.push_back(std::move(field));
  }
  SortByNumber(message.fields);
  return message;
}

Enum MergeEnum(const Enum& committed, const Enum& derived) {
  Enum result = committed;
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
  for (const EnumValue& old : committed.values) {
    if (FindByName(result.values, old.name) == nullptr) Reserve(old, result.reserved);
  }
  for (EnumValue& value : added) {
    value.number = NextNumber(result.values, result.reserved);
    result.reserved.names.erase(value.name);
    result.values.push_back(std::move(value));
  }
  SortByNumber(result.values);
  return result;
}

}  // namespace gateway::apigen
