// Reply bodies: JSON to protobuf bytes in one walk, without a document or a message object in
// between.
//
// Lenient and never lossy in silence: unknown members, unknown enum texts and missing required
// fields pass and are told as Drift; null and absent read alike, and "" too where the field says
// so. Of several spellings of one member the first that is not null holds. A value that its field
// cannot hold (wrong JSON type, out of range, a documented member twice, documented messages nested
// deeper than a caller's protobuf reads) is an error that names the field, unless the field is
// loose. JSON of any form never
// is one: of a member that is there twice the first holds, and what is nested too deeply becomes a
// string; both are told as Drift.
#ifndef UPSTREAM_MAPPING_REPLY_WIRE_FROM_JSON_H_
#define UPSTREAM_MAPPING_REPLY_WIRE_FROM_JSON_H_

#include <simdjson.h>

#include <string>

#include "absl/strings/string_view.h"
#include "upstream/mapping/drift.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/keys_so_far.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/violations.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {

class WireFromJson {
 public:
  using Value = simdjson::ondemand::value;
  // Appends to `out`, which is whole when this object has ended, and rubbish after an error.
  WireFromJson(std::string& out, DriftList& drift) : wire_(out), drift_(drift) {}

  // The members of an object as the fields of a message, without tag and length. False: see
  // error().
  bool Message(const MessagePlan& plan, simdjson::ondemand::object object, const Path& at);

  // A whole value as one field, tag included; an array where it is repeated, an object where it is
  // a map.
  bool Field(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);

  // A single element of a repeated field, tag included.
  bool Element(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);

  // The fields of the message that was read last as a whole, which is the outermost one: those that
  // had a member, and those whose member was not null.
  const FieldSet& seen() const { return seen_; }
  const FieldSet& set() const { return set_; }

  // "items[3].total_amount: expected an integer". Holds no value.
  const std::string& error() const { return error_; }

 private:
  bool List(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool PackedList(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool Map(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool Tagged(const MessagePlan& owner, const FieldPlan& field, uint32_t number, Value& value,
              const Path& at);
  // The value alone: no tag, with its length where its wire type has one.
  bool Content(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool String(const FieldPlan& field, Value& value, const Path& at);
  bool Integer(const FieldPlan& field, Value& value, const Path& at);
  bool ReadInteger(Value& value, int64_t& number, const Path& at);
  bool Double(Value& value, const Path& at);
  bool Enum(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool Timestamp(const FieldPlan& field, Value& value, const Path& at);
  bool ReadInstant(const FieldPlan& field, Value& value, Instant& instant, const Path& at);
  bool Nested(const FieldPlan& field, Value& value, const Path& at);
  // As Content, for a google.protobuf.Struct, Value or ListValue; the other Free* write what is
  // within.
  bool FreeJson(Kind kind, Value& value, const Path& at);
  bool FreeObject(Value& value, const Path& at);
  bool FreeList(Value& value, const Path& at);
  bool FreeValue(Value& value, const Path& at);
  // As Field, for a loose one: what cannot be held is told as Drift and left out.
  bool Loose(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool LooseText(const MessagePlan& owner, const FieldPlan& field, Value& value, const Path& at);
  bool LooseMap(const MessagePlan& owner, const FieldPlan& field,
                simdjson::ondemand::json_type type, Value& value, const Path& at);
  // Takes the value. `text` lives as long as the parser's buffers. False: not valid JSON.
  static bool TextOfAny(simdjson::ondemand::json_type type, Value& value, absl::string_view& text);
  // One member of an object that no field has the name of.
  bool Unknown(const MessagePlan& plan, absl::string_view name, Value& value, KeysSoFar& others,
               const Path& at);
  void TellMissing(const MessagePlan& plan, const FieldSet& seen, const FieldSet& set);
  // Stores a member that no field is named after in the message's `rest` Struct.
  bool Rest(const FieldPlan& field, absl::string_view name, Value& value, const Path& at);
  bool FreeMember(absl::string_view key, Value& value, const Path& at);
  bool AsText(bool object, Value& value, const Path& at);
  void Altered(absl::string_view what) {
    drift_.Add(Drift::Kind::kAlteredValue, *free_owner_, free_field_, what);
  }
  // Around the content of every message within the message.
  bool Open(size_t& mark, const Path& at);
  void Close(size_t mark);
  bool Fail(const Path& at, absl::string_view reason);

  WireWriter wire_;
  DriftList& drift_;
  std::string error_;
  int depth_ = 0;
  FieldSet seen_;
  FieldSet set_;
  // The field that the JSON of any form goes into.
  const MessagePlan* free_owner_ = nullptr;
  const FieldPlan* free_field_ = nullptr;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REPLY_WIRE_FROM_JSON_H_
