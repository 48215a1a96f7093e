// One upstream's contract as data: operations and schemas, parsed from contracts/<provider>.json
// (the form is described in contracts/README.md).
//
// Immutable after Parse, so it may be shared by any number of threads. Pointers and references that
// it hands out live as long as the Contract; it is neither copied nor moved once parsed.
#ifndef UPSTREAM_SANDBOX_CONTRACT_H_
#define UPSTREAM_SANDBOX_CONTRACT_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

struct Schema;

// The type of a value.
struct Type {
  enum class Kind { kString, kInteger, kNumber, kBoolean, kNull, kAny, kRef, kArray, kMap };
  Kind kind = Kind::kAny;
  // "date-time", "int32", "int64", "double", "epoch-seconds", "digits", "string-or-null", "scalar",
  // or "".
  std::string format;
  // The least and the greatest number of characters of a text.
  size_t min_length = 0;
  size_t max_length = std::numeric_limits<size_t>::max();
  // kRef only: the name of the schema, and the schema, which is not null after Contract::Parse.
  std::string ref;
  const Schema* schema = nullptr;
  // kArray and kMap only: the type of the elements, or of the map's values.
  std::shared_ptr<Type> element;
};

struct Field {
  std::string name;
  Type type;
  bool nullable = false;
  bool required = false;
  bool read_only = false;
  bool deprecated = false;
  std::optional<int64_t> minimum;
  std::optional<int64_t> maximum;
  size_t min_items = 0;
  size_t max_items = std::numeric_limits<size_t>::max();
  size_t max_key_length = std::numeric_limits<size_t>::max();
  // For times: the least and the greatest number of seconds that a time may lie in the future.
  std::optional<int64_t> min_seconds_ahead;
  std::optional<int64_t> max_seconds_ahead;
  // Further names that the member has in replies.
  std::vector<std::string> aliases;
  // Whether "" stands for no value.
  bool empty_is_unset = false;
  // Whether null stands for no value. A request must then contain the member, with null if there is
  // no value.
  bool null_when_unset = false;
  // The only value that the field may have; Absent() if there is no such rule.
  Json constant = Absent();
  // The specification cannot mark a reference as nullable, but an optional reference may be null on
  // the wire.
  bool MayBeNull() const { return nullable || (!required && type.kind == Type::Kind::kRef); }
};

// An object with fields, an enumeration of texts, or a text of a named format ("flake-id",
// "steam-id", "period").
struct Schema {
  std::string name;
  bool is_object = false;
  // No members but the listed ones.
  bool closed = false;
  // The object has further members, which are not documented.
  bool open = false;
  std::vector<Field> fields;
  std::vector<std::string> enum_texts;
  std::string format;

  // nullptr if there is none of this name.
  const Field* Find(absl::string_view field) const;
};

struct Parameter {
  std::string name;
  Type type;
  bool required = false;
  std::optional<int64_t> minimum;
  std::optional<int64_t> maximum;
};

struct DeclaredReply {
  int status = 0;
  std::optional<Type> type;
};

struct Operation {
  // The provider: "paynow".
  std::string provider;
  std::string id;
  std::string tag;
  std::string rpc;
  std::string verb;
  // "/v1/stores/{storeId}/orders"
  std::string path;
  std::vector<Parameter> path_params;
  std::vector<Parameter> query;
  std::optional<Type> body;
  DeclaredReply reply;
  std::vector<DeclaredReply> also;
  // Whether the upstream honours an idempotency key for this operation.
  bool idempotency_key = false;
  // A body may lack the members that it does not change, even required ones.
  bool partial = false;

  // nullptr if there is none of this name.
  const Parameter* FindQuery(absl::string_view name) const;
};

class Contract {
 public:
  // Fails on text that does not have the described form, and on a reference to a missing schema.
  static absl::StatusOr<std::unique_ptr<const Contract>> Parse(absl::string_view text);

  Contract(const Contract&) = delete;
  Contract& operator=(const Contract&) = delete;

  // A webhook's event: the text that names it, and the shape that is documented for it.
  struct Event {
    std::string name;
    Type type;
  };

  const std::string& provider() const { return provider_; }
  const std::vector<Operation>& operations() const { return operations_; }
  const std::map<std::string, Schema>& schemas() const { return schemas_; }

  // nullptr if there is none of this name. A renamed schema keeps its first name, because the
  // behaviour and the seed use the first name. The schema is found by both names.
  const Schema* FindSchema(absl::string_view name) const;
  const Operation* FindOperation(absl::string_view id) const;
  const Event* FindEvent(absl::string_view name) const;
  const std::vector<Event>& events() const { return events_; }
  // A reference to the schema of this name, which must exist.
  Type Ref(absl::string_view name) const;

 private:
  Contract() = default;
  void Read(const Json& root);
  // Returns the first name of a renamed schema, and the given name of any other schema.
  std::string KnownAs(absl::string_view name) const;
  absl::Status Link();

  // Constant after Parse.
  std::string provider_;
  // Maps the present name of a renamed schema to its first name.
  std::map<std::string, std::string> known_as_;
  std::vector<Operation> operations_;
  std::map<std::string, Schema> schemas_;
  std::vector<Event> events_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_CONTRACT_H_
