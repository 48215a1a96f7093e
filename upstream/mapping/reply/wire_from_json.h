// Converts reply bodies from JSON to protobuf bytes in one walk, without a document or a message
// object in between.
//
// Reading is lenient, and every loss is reported as Drift: unknown members, unknown enum texts and
// missing required fields are accepted. null counts as absent; so does "" if the field says so. If
// a member has several spellings, the first that is not null is taken.
//
// A value that its field cannot hold (wrong JSON type, out of range, a documented member twice,
// documented messages nested deeper than a caller's protobuf reads) is an error that names the
// field, unless the field is loose. JSON of any form is never an error: if a member occurs twice,
// the first is taken, and a value that is nested too deeply becomes a string; both are reported as
// Drift.
#ifndef UPSTREAM_MAPPING_REPLY_WIRE_FROM_JSON_H_
#define UPSTREAM_MAPPING_REPLY_WIRE_FROM_JSON_H_

#include <simdjson.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "upstream/mapping/drift.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/json_text.h"
#include "upstream/mapping/keys_so_far.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/violations.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {

class WireFromJson {
 public:
  using Value = simdjson::ondemand::value;
  // Appends to `out`, which is complete when this object is destroyed, and invalid after an error.
  WireFromJson(std::string& out, DriftList& drift) : wire_(out), drift_(drift) {}

  // In messages of this type, the members `id` and `time` must not fail the whole reply: a value
  // that their fields cannot hold is left out and reported as Drift. The names must outlive this
  // object.
  void Spare(const MessagePlan& plan, absl::string_view id, absl::string_view time) {
    spared_ = &plan;
    spared_id_ = id;
    spared_time_ = time;
  }

  // The JSON was mended (see json_mend.h), so different keys of a map may have become equal: then
  // the first one is kept, and the others are reported as Drift.
  void ExpectMendedKeys() { mended_ = true; }

  // Writes the members of an object as the fields of a message, without tag and length. If false,
  // see error().
  bool Message(const MessagePlan& plan, simdjson::ondemand::object object, const Path& at);

  // Writes a whole value as one field, tag included: an array for a repeated field, an object for a
  // map.
  bool Field(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);

  // Writes a single element of a repeated field, tag included.
  bool Element(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);

  // For the outermost message, after it was read. seen() has the fields that had a member, set()
  // the fields whose member was not null. complete() is true if no required member is missing.
  const FieldSet& seen() const { return seen_; }
  const FieldSet& set() const { return set_; }
  bool complete() const { return complete_; }

  // The names of the members of the outermost message for which it has no field. They live as long
  // as the document and its parser.
  using Names = absl::InlinedVector<absl::string_view, 4>;
  const Names& others() const { return others_; }

  // If the whole reply is a list: pointers to the beginnings of the objects in it that have no
  // documented member. They are valid as long as the document.
  const std::vector<const char*>& strangers() const { return strangers_; }

  // "items[3].total_amount: expected an integer". Holds no value.
  const std::string& error() const { return error_; }

 private:
  static constexpr absl::string_view kNotJson = "is not valid JSON";

  bool List(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool PackedList(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool Map(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool Tagged(const MessagePlan& owner, const FieldPlan& field, uint32_t number, Value& value,
              const Path& at);
  // Writes the value without a tag, with its length if its wire type has one.
  bool Content(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool String(const FieldPlan& field, Value& value, const Path& at);
  bool Integer(const FieldPlan& field, Value& value, const Path& at);
  bool ReadInteger(Value& value, int64_t& number, const Path& at);
  bool Double(Value& value, const Path& at);
  bool Enum(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool Timestamp(const FieldPlan& field, Value& value, const Path& at);
  bool WriteInstant(const Instant& instant, const Path& at);
  bool ReadInstant(const FieldPlan& field, Value& value, Instant& instant, const Path& at);
  bool Nested(const FieldPlan& field, Value& value, const Path& at);
  // Like Content, for a google.protobuf.Struct, Value or ListValue. The other Free* functions write
  // the values within.
  bool FreeJson(Kind kind, Value& value, const Path& at);
  bool FreeObject(Value& value, const Path& at);
  bool FreeList(Value& value, const Path& at);
  bool FreeValue(Value& value, const Path& at);
  bool IsSpared(const MessagePlan& plan, const FieldPlan& field) const {
    return &plan == spared_ && (field.wire_name == spared_id_ || field.wire_name == spared_time_);
  }
  // Like Field, for a field that is spared.
  bool SparedField(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  // Like Field, for a loose field: a value that it cannot hold is left out and reported as Drift.
  bool Loose(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool LooseText(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool LooseMap(const MessagePlan& owner, const FieldPlan& field,
                simdjson::ondemand::json_type type, Value& value, const Path& at);
  // Takes the value. `text` lives as long as the parser's buffers. Returns false if it is not valid
  // JSON.
  static bool TextOfAny(simdjson::ondemand::json_type type, Value& value, absl::string_view& text);
  // Handles a member for which the message has no field.
  bool Unknown(const MessagePlan& plan, absl::string_view name, Value& value,
               std::optional<KeysSoFar>& others, const Path& at);
  // Reports the required members that are missing. Returns whether there are none.
  bool TellMissing(const MessagePlan& plan, const FieldSet& seen, const FieldSet& set);
  // Stores such a member in the message's `rest` Struct.
  bool Rest(const FieldPlan& field, absl::string_view name, Value& value, const Path& at);
  bool FreeMember(absl::string_view key, Value& value, const Path& at);
  bool AsText(bool object, Value& value, const Path& at);
  void Altered(absl::string_view what) {
    drift_.Add(Drift::Kind::kAlteredValue, *free_owner_, free_field_, what);
  }
  // Begin and end a nested message.
  bool Open(size_t& mark, const Path& at);
  void Close(size_t mark);
  bool Fail(const Path& at, absl::string_view reason);

  WireWriter wire_;
  DriftList& drift_;
  std::string error_;
  int depth_ = 0;
  FieldSet seen_;
  FieldSet set_;
  bool complete_ = false;
  Names others_;
  std::vector<const char*> strangers_;
  bool mended_ = false;
  const MessagePlan* spared_ = nullptr;
  absl::string_view spared_id_;
  absl::string_view spared_time_;
  // The field that the JSON of any form goes into.
  const MessagePlan* free_owner_ = nullptr;
  const FieldPlan* free_field_ = nullptr;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REPLY_WIRE_FROM_JSON_H_
