#include "upstream/mapping/request/json_from_wire.h"

#include "absl/strings/str_cat.h"
#include "upstream/mapping/byte_sink.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/json_text.h"
#include "upstream/mapping/keys_so_far.h"
#include "upstream/mapping/request/free_json.h"
#include "upstream/mapping/scalar.h"

namespace gateway::mapping {
namespace {

// A missing key or value of a map entry means the type's default, as in protobuf's parsers.
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

class JsonFromWire {
 public:
  JsonFromWire(const RequestTerms& terms, std::string& out)
      : out_(out), violations_(terms.violations), now_(terms.now), partial_(terms.partial) {}

  WireResult Message(const MessagePlan& plan, absl::string_view bytes, const Path& at,
                     const UpdateMask* mask);
  WireResult List(const FieldPlan& field, absl::string_view run, const Path& at);

 private:
  WireResult Unset(const MessagePlan& plan, uint32_t begin, uint32_t end, const Path& at,
                   const UpdateMask* mask);
  WireResult Unset(const FieldPlan& field, const Path& at, const UpdateMask* mask);
  WireResult Singular(const MessagePlan& owner, const FieldPlan& field, const WireValue& value,
                      const Path& at, const UpdateMask* mask);
  WireResult Element(const FieldPlan& field, const WireValue& value, const Path& at,
                     const UpdateMask* mask);
  WireResult FreeJson(const FieldPlan& field, const WireValue& value, const Path& at);
  WireResult Rest(const MessagePlan& owner, const WireValue& value, const Path& at);
  WireResult Map(const FieldPlan& field, absl::string_view run, const Path& at);
  void MapKey(const FieldPlan& field, absl::string_view key, const Path& at);
  void Key(const FieldPlan& field);
  // Call it while the field's message is the innermost one.
  bool Enforced(const FieldPlan& field) const {
    return field.required && !(partial_ && depth_ == 1);
  }

  ByteSink out_;
  Violations& violations_;
  const absl::Time now_;
  const bool partial_;
  Scratch scratch_;
  int depth_ = 0;
};

WireResult JsonFromWire::Message(const MessagePlan& plan, absl::string_view bytes, const Path& at,
                                 const UpdateMask* mask) {
  if (depth_ >= kMaxDepth) return WireResult::kMalformed;
  ++depth_;
  out_.push_back('{');
  uint32_t next = 0;  // fields before this index are done with
  WireReader reader(bytes);
  while (!reader.done()) {
    const char* const begin = reader.position();
    uint32_t number;
    WireValue value;
    if (!reader.ReadField(number, value)) return WireResult::kMalformed;
    const FieldPlan* const field = plan.ByNumber(number);
    const bool singular = field != nullptr && field->cardinality == Cardinality::kSingular;
    if (!singular && !SkipRun(reader, number)) return WireResult::kMalformed;
    if (field == nullptr) {
      violations_.Add(at, absl::StrCat("has a field number ", number, " that is not known here"));
      continue;
    }
    if (field->index < next) return WireResult::kNotCanonical;  // also if it is set twice
    WireResult result = WireResult::kOk;
    if (field->index > next) result = Unset(plan, next, field->index, at, mask);
    if (result != WireResult::kOk) return result;
    next = field->index + 1;
    const UpdateMask::Entry* const entry = mask == nullptr ? nullptr : mask->Find(*field);
    if (mask != nullptr && entry == nullptr && !Enforced(*field)) continue;
    const Path here{&at, field->name};
    if (singular) {
      const UpdateMask* const below =
          entry == nullptr || entry->below.entries.empty() ? nullptr : &entry->below;
      result = Singular(plan, *field, value, here, below);
    } else {
      Key(*field);
      result = List(*field, absl::string_view(begin, reader.position() - begin), here);
    }
    if (result != WireResult::kOk) return result;
  }
  const auto end = static_cast<uint32_t>(plan.fields.size());
  const WireResult result = Unset(plan, next, end, at, mask);
  out_.push_back('}');
  --depth_;
  return result;
}

WireResult JsonFromWire::Singular(const MessagePlan& owner, const FieldPlan& field,
                                  const WireValue& value, const Path& at, const UpdateMask* mask) {
  if (field.rest) return Rest(owner, value, at);
  Key(field);
  return Element(field, value, at, mask);
}

// Handles the unset fields in [begin, end).
WireResult JsonFromWire::Unset(const MessagePlan& plan, uint32_t begin, uint32_t end,
                               const Path& at, const UpdateMask* mask) {
  for (uint32_t i = begin; i < end; ++i) {
    if (mask == nullptr && !plan.written.Contains(i)) continue;
    const FieldPlan& field = plan.fields[i];
    const WireResult result = Unset(field, {&at, field.name}, mask);
    if (result != WireResult::kOk) return result;
  }
  return WireResult::kOk;
}

WireResult JsonFromWire::Unset(const FieldPlan& field, const Path& at, const UpdateMask* mask) {
  if (field.rest) return WireResult::kOk;
  const UpdateMask::Entry* entry = mask == nullptr ? nullptr : mask->Find(field);
  if (field.cardinality != Cardinality::kSingular) {
    if (!Enforced(field) && entry == nullptr) return WireResult::kOk;
    if (mask != nullptr && entry == nullptr) {
      // `[]` would clear what the mask does not mention.
      violations_.Add(at, "is required; to send it empty, name it in the mask");
      return WireResult::kOk;
    }
    Key(field);
    return List(field, "", at);
  }
  const bool named = entry != nullptr;
  if (field.required) {
    if (named || Enforced(field)) violations_.Add(at, "is required");
    return WireResult::kOk;
  }
  if (!named && !(mask == nullptr && field.null_when_unset)) return WireResult::kOk;
  Key(field);
  if (named && !entry->below.entries.empty()) return Message(*field.message, "", at, &entry->below);
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
    violations_.Add(at, Explain(field, scalar.error));
    out_.append(R"("")");  // keeps the output JSON, for the checks of form.h
  } else if (IsQuoted(field)) {
    AppendJsonString(scalar.text, out_);
  } else {
    out_.append(scalar.text.data(), scalar.text.size());
  }
  return WireResult::kOk;
}

WireResult JsonFromWire::FreeJson(const FieldPlan& field, const WireValue& value, const Path& at) {
  const size_t known = violations_.count();
  if (!AppendFreeJson(field.kind, value.bytes, at, violations_, out_)) {
    return WireResult::kNotCanonical;
  }
  if (field.kind != Kind::kValue || violations_.count() > known) return WireResult::kOk;
  const absl::string_view error = CheckFreeValue(field, value.bytes);
  if (!error.empty()) violations_.Add(at, Explain(field, error));
  return WireResult::kOk;
}

WireResult JsonFromWire::Rest(const MessagePlan& owner, const WireValue& value, const Path& at) {
  if (value.type != WireType::kBytes) return WireResult::kMalformed;
  return AppendFreeMembers(owner, value.bytes, at, violations_, out_) ? WireResult::kOk
                                                                      : WireResult::kNotCanonical;
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
  // The bytes have a packed list without elements. To protobuf, such a list is not set.
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
    violations_.Add(at,
                    absl::StrCat("has a key of more than ", *field.max_key_length, " characters"));
  }
}

void JsonFromWire::Key(const FieldPlan& field) {
  if (out_.back() != '{') out_.push_back(',');
  out_.append(field.json_key);
}

}  // namespace

bool SkipRun(WireReader& reader, uint32_t number) {
  while (!reader.done()) {
    WireReader ahead = reader;
    uint64_t tag;
    WireValue value;
    if (!ahead.ReadVarint(tag)) return false;
    if (tag >> 3 != number) return true;
    if (!ahead.ReadValue(static_cast<WireType>(tag & 7), value)) return false;
    reader = ahead;
  }
  return true;
}

void CheckCount(const FieldPlan& field, size_t count, const Path& at, Violations& violations) {
  if (field.min_items && count < *field.min_items) {
    violations.Add(at, absl::StrCat("needs at least ", *field.min_items, " element(s)"));
  }
  if (field.max_items && count > *field.max_items) {
    violations.Add(at, absl::StrCat("takes at most ", *field.max_items, " elements"));
  }
}

WireResult AppendMessage(const MessagePlan& plan, absl::string_view bytes, const Path& at,
                         const UpdateMask* mask, const RequestTerms& terms, std::string& out) {
  return JsonFromWire(terms, out).Message(plan, bytes, at, mask);
}

WireResult AppendRun(const FieldPlan& field, absl::string_view run, const Path& at,
                     const RequestTerms& terms, std::string& out) {
  return JsonFromWire(terms, out).List(field, run, at);
}

}  // namespace gateway::mapping
