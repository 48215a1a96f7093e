#include "upstream/mapping/json_from_wire.h"

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/free_json.h"
#include "upstream/mapping/json_text.h"
#include "upstream/mapping/scalar.h"

namespace gateway::mapping {
namespace {

constexpr uint32_t kMapKey = 1;
constexpr uint32_t kMapValue = 2;

// The keys of a map, which are few as a rule.
class KeysSoFar {
 public:
  // False where it is there already.
  bool Add(absl::string_view key) {
    if (absl::c_linear_search(first_, key)) return false;
    if (first_.size() < kFirst) {
      first_.push_back(key);
      return true;
    }
    return others_.insert(key).second;
  }

  size_t size() const { return first_.size() + others_.size(); }

 private:
  static constexpr size_t kFirst = 8;
  absl::InlinedVector<absl::string_view, kFirst> first_;
  absl::flat_hash_set<absl::string_view> others_;
};

// Parsers take a missing key or value of a map entry for the type's default.
WireResult ReadMapEntry(const FieldPlan& field, absl::string_view entry, absl::string_view& key,
                        WireValue& value) {
  value.type = WireTypeOf(field.kind);
  bool has_value = false;
  WireReader reader(entry);
  while (!reader.done()) {
    uint32_t number;
    WireValue part;
    if (!reader.ReadField(number, part)) return WireResult::kMalformed;
    if (number == kMapKey && part.type == WireType::kBytes) {
      key = part.bytes;
    } else if (number == kMapValue && part.type == value.type) {
      if (has_value) return WireResult::kNotCanonical;
      has_value = true;
      value = part;
    } else {
      return WireResult::kMalformed;
    }
  }
  return WireResult::kOk;
}

}  // namespace

absl::string_view TakeRun(WireReader& reader, uint32_t number) {
  const char* const begin = reader.position();
  const char* end = begin;
  while (!reader.done()) {
    WireReader ahead = reader;
    uint32_t next;
    WireValue value;
    if (!ahead.ReadField(next, value)) return "";
    if (next != number) break;
    reader = ahead;
    end = reader.position();
  }
  return absl::string_view(begin, end - begin);
}

void CheckCount(const FieldPlan& field, size_t count, const Path& at, Violations& violations) {
  if (field.min_items && count < *field.min_items) {
    violations.Add(at, absl::StrCat("needs at least ", *field.min_items, " element(s)"));
  }
  if (field.max_items && count > *field.max_items) {
    violations.Add(at, absl::StrCat("takes at most ", *field.max_items, " elements"));
  }
}

WireResult JsonFromWire::Message(const MessagePlan& plan, absl::string_view bytes, const Path& at,
                                 const UpdateMask* mask) {
  if (depth_ >= kMaxDepth) return WireResult::kMalformed;
  ++depth_;
  out_.push_back('{');
  uint32_t next = 0;  // fields before this index are done with
  const auto unset_before = [&](uint32_t index) {
    for (; next < index; ++next) {
      const WireResult result = Unset(plan.fields[next], {&at, plan.fields[next].name}, mask);
      if (result != WireResult::kOk) return result;
    }
    return WireResult::kOk;
  };

  WireReader reader(bytes);
  while (!reader.done()) {
    WireReader ahead = reader;
    uint32_t number;
    WireValue value;
    if (!ahead.ReadField(number, value)) return WireResult::kMalformed;
    const absl::string_view run = TakeRun(reader, number);
    if (run.empty()) return WireResult::kMalformed;
    const FieldPlan* field = plan.ByNumber(number);
    if (field == nullptr) {
      violations_.Add(at, absl::StrCat("has a field number ", number, " that is not known here"));
      continue;
    }
    if (field->index < next) return WireResult::kNotCanonical;
    WireResult result = unset_before(field->index);
    next = field->index + 1;
    if (result == WireResult::kOk) {
      result = Member(plan, *field, run, {&at, field->name}, mask);
    }
    if (result != WireResult::kOk) return result;
  }
  const WireResult result = unset_before(static_cast<uint32_t>(plan.fields.size()));
  out_.push_back('}');
  --depth_;
  return result;
}

WireResult JsonFromWire::Member(const MessagePlan& owner, const FieldPlan& field,
                                absl::string_view run, const Path& at, const UpdateMask* mask) {
  const UpdateMask* below = nullptr;
  if (mask != nullptr) {
    const UpdateMask::Entry* entry = mask->Find(field);
    if (entry == nullptr && !field.required) return WireResult::kOk;
    if (entry != nullptr && !entry->below.entries.empty()) below = &entry->below;
  }
  if (!field.rest) Key(field);
  if (field.cardinality != Cardinality::kSingular) return List(field, run, at);
  WireReader reader(run);
  uint32_t number;
  WireValue value;
  if (!reader.ReadField(number, value)) return WireResult::kMalformed;
  if (!reader.done()) return WireResult::kNotCanonical;  // set twice
  return field.rest ? Rest(owner, value, at) : Element(field, value, at, below);
}

WireResult JsonFromWire::Unset(const FieldPlan& field, const Path& at, const UpdateMask* mask) {
  if (field.rest) return WireResult::kOk;
  const UpdateMask::Entry* entry = mask == nullptr ? nullptr : mask->Find(field);
  if (field.cardinality != Cardinality::kSingular) {
    if (!field.required && entry == nullptr) return WireResult::kOk;
    if (mask != nullptr && entry == nullptr) {
      // `[]` would clear what the mask does not mention.
      violations_.Add(at, "is required; to send it empty, name it in the mask");
      return WireResult::kOk;
    }
    Key(field);
    return List(field, "", at);
  }
  if (field.required) {
    violations_.Add(at, "is required");
    return WireResult::kOk;
  }
  if (entry == nullptr) return WireResult::kOk;
  Key(field);
  if (!entry->below.entries.empty()) return Message(*field.message, "", at, &entry->below);
  out_.append("null");
  return WireResult::kOk;
}

WireResult JsonFromWire::Element(const FieldPlan& field, const WireValue& value, const Path& at,
                                 const UpdateMask* mask) {
  if (value.type != WireTypeOf(field.kind)) return WireResult::kMalformed;
  if (field.kind == Kind::kMessage) return Message(*field.message, value.bytes, at, mask);
  if (!IsScalar(field.kind)) return FreeJson(field, value, at);
  const ScalarText scalar = TextOf(field, value, now_, scratch_);
  if (!scalar.error.empty()) {
    violations_.Add(at, scalar.error);
  } else if (IsQuoted(field)) {
    AppendJsonString(scalar.text, out_);
  } else {
    out_.append(scalar.text.data(), scalar.text.size());
  }
  return WireResult::kOk;
}

WireResult JsonFromWire::FreeJson(const FieldPlan& field, const WireValue& value, const Path& at) {
  absl::string_view error = AppendFreeJson(field.kind, value.bytes, out_);
  if (error == kSetTwice) return WireResult::kNotCanonical;
  if (error.empty() && field.kind == Kind::kValue) error = CheckFreeValue(field, value.bytes);
  if (!error.empty()) violations_.Add(at, error);
  return WireResult::kOk;
}

WireResult JsonFromWire::Rest(const MessagePlan& owner, const WireValue& value, const Path& at) {
  if (value.type != WireType::kBytes) return WireResult::kMalformed;
  const absl::string_view error = AppendFreeMembers(owner, value.bytes, out_);
  if (error == kSetTwice) return WireResult::kNotCanonical;
  if (!error.empty()) violations_.Add(at, error);
  return WireResult::kOk;
}

WireResult JsonFromWire::List(const FieldPlan& field, absl::string_view run, const Path& at) {
  if (field.cardinality == Cardinality::kMap) return Map(field, run, at);
  out_.push_back('[');
  size_t count = 0;
  const WireResult result = ForEachElement(field, run, [&](const WireValue& element, size_t index) {
    if (index > 0) out_.push_back(',');
    count = index + 1;
    return Element(field, element, {&at, "", index}, nullptr);
  });
  out_.push_back(']');
  // Packed, and empty: to protobuf the list is not set.
  if (result == WireResult::kOk && count == 0 && !run.empty()) return WireResult::kNotCanonical;
  CheckCount(field, count, at, violations_);
  return result;
}

WireResult JsonFromWire::Map(const FieldPlan& field, absl::string_view run, const Path& at) {
  KeysSoFar keys;
  out_.push_back('{');
  WireReader reader(run);
  while (!reader.done()) {
    uint32_t number;
    WireValue entry;
    if (!reader.ReadField(number, entry) || entry.type != WireType::kBytes) {
      return WireResult::kMalformed;
    }
    absl::string_view key;
    WireValue value;
    WireResult result = ReadMapEntry(field, entry.bytes, key, value);
    if (result != WireResult::kOk) return result;
    const Path member{&at, key, {}, true};
    MapKey(field, key, at);
    if (!keys.Add(key)) violations_.Add(member, "is there twice");
    if (keys.size() > 1) out_.push_back(',');
    AppendJsonString(key, out_);
    out_.push_back(':');
    result = Element(field, value, member, nullptr);
    if (result != WireResult::kOk) return result;
  }
  out_.push_back('}');
  CheckCount(field, keys.size(), at, violations_);
  return WireResult::kOk;
}

void JsonFromWire::MapKey(const FieldPlan& field, absl::string_view key, const Path& at) {
  if (!IsUtf8(key)) return violations_.Add(at, "has a key that is not valid UTF-8");
  if (field.max_key_length && CountCharacters(key) > *field.max_key_length) {
    violations_.Add(at, "has a key that is too long");
  }
}

void JsonFromWire::Key(const FieldPlan& field) {
  if (out_.back() != '{') out_.push_back(',');
  out_.append(field.json_key);
}

}  // namespace gateway::mapping
