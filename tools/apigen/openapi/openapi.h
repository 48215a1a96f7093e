// Reads the part of an OpenAPI 3 file that describes an API: schemas, operations and webhooks.
//
// Fails only if the text is not OpenAPI 3 at all. An operation that cannot be mapped is left out; a
// schema that cannot be mapped is read as any value. A note names each one by JSON pointer:
// "#/components/schemas/Order/properties/x". Plain values: copy freely.
#ifndef TOOLS_APIGEN_OPENAPI_OPENAPI_H_
#define TOOLS_APIGEN_OPENAPI_OPENAPI_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/apigen/openapi/notes.h"

namespace gateway::apigen {

struct Property;

// One use of a type, or its definition.
struct Schema {
  enum class Kind {
    kAny,
    kString,
    kInteger,
    kNumber,
    kBoolean,
    kEnum,      // one of `texts`
    kArray,     // of `element`
    kMap,       // from strings to `element`
    kObject,    // with `properties`
    kFreeForm,  // an object without any declared members
    kRef,       // a reference to the schema `ref`
  };
  Kind kind = Kind::kAny;
  // JSON pointer of the place it was read from.
  std::string pointer;
  std::string format;
  bool nullable = false;
  bool deprecated = false;
  std::optional<int64_t> minimum;
  std::optional<int64_t> maximum;
  std::optional<int64_t> min_length;
  std::optional<int64_t> max_length;
  std::optional<int64_t> min_items;
  std::optional<int64_t> max_items;
  // Title, summary and description.
  std::string text;
  std::vector<std::string> texts;
  // The type of the elements or map values: exactly one entry for kArray and kMap, otherwise none.
  std::vector<Schema> element;
  std::vector<Property> properties;
  std::string ref;
};

struct Property {
  std::string name;
  bool required = false;
  Schema schema;
};

struct NamedSchema {
  std::string name;
  Schema schema;
};

struct Operation {
  std::string pointer;
  std::string tag;
  // The operationId, unchanged.
  std::string id;
  std::string text;
  // Whether the upstream marks it as deprecated.
  bool deprecated = false;
  // Whether the upstream leaves it out of its documentation: deprecated, or `x-gitbook-ignore`.
  bool unlisted = false;
  // Names for service, file and RPC; empty until operation_names.h sets them.
  std::string service;
  std::string stem;
  std::string rpc;
  // In lower case.
  std::string verb;
  // With the parameters' own names: "/v1/stores/{storeId}".
  std::string path;
  // In the order of the path.
  std::vector<Property> path_parameters;
  std::vector<Property> query_parameters;
  std::optional<Schema> body;
  // Whether the upstream refuses a request without a body.
  bool body_required = false;
  // The body of the first 2xx response with a JSON schema; a 204 counts only if there is no other.
  std::optional<Schema> reply;
  // Whether the reply may have no content: the upstream also declares 204, or declares the reply
  // under 204.
  bool reply_may_be_empty = false;
};

struct Api {
  std::vector<NamedSchema> schemas;
  std::vector<Operation> operations;
  // Operations that could not be mapped; only `pointer`, `verb` and `path` are set.
  std::vector<Operation> skipped;
};

absl::StatusOr<Api> ParseOpenApi(absl::string_view text, Notes& notes);

// "get /v1/stores/{}/coupons", in the format of RouteOf in model.h.
std::string RouteOf(const Operation& operation);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_OPENAPI_OPENAPI_H_
