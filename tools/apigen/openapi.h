// Reads the part of an OpenAPI 3 file that shapes an API: schemas and listed operations. Prose is
// not read.
//
// Operations flagged `deprecated` or `x-gitbook-ignore` are left out. Whatever cannot be mapped is
// an error that names its place by JSON pointer: "#/components/schemas/Order/properties/x: ...".
// Plain values: copy freely.
#ifndef TOOLS_APIGEN_OPENAPI_H_
#define TOOLS_APIGEN_OPENAPI_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

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
    kEnum,      // `texts`
    kArray,     // of `element`
    kMap,       // to `element`
    kObject,    // `properties`
    kFreeForm,  // an object of which nothing is said
    kRef,       // to the schema `ref`
  };
  Kind kind = Kind::kAny;
  // JSON pointer of the place it was read from.
  std::string pointer;
  std::string format;
  bool nullable = false;
  bool deprecated = false;
  std::optional<int64_t> minimum;
  std::optional<int64_t> maximum;
  std::vector<std::string> texts;
  // Exactly one where the kind has an element.
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
  // The last part of the operationId.
  std::string rpc;
  // In lower case.
  std::string verb;
  // With the parameters' own names: "/v1/stores/{storeId}".
  std::string path;
  // In the order of the path.
  std::vector<Property> path_parameters;
  std::vector<Property> query_parameters;
  std::optional<Schema> body;
  // Of the first 2xx with content; none for 204.
  std::optional<Schema> reply;
};

struct Api {
  std::vector<NamedSchema> schemas;
  std::vector<Operation> operations;
};

absl::StatusOr<Api> ParseOpenApi(absl::string_view text);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_OPENAPI_H_
