// Maps OpenAPI schemas to field types, and schema definitions to messages and enums.
#ifndef TOOLS_APIGEN_TYPE_MAPPING_H_
#define TOOLS_APIGEN_TYPE_MAPPING_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/apigen/model.h"
#include "tools/apigen/openapi.h"

namespace gateway::apigen {

inline constexpr char kEmptyType[] = "google.protobuf.Empty";
inline constexpr char kFieldMaskType[] = "google.protobuf.FieldMask";
inline constexpr char kListType[] = "google.protobuf.ListValue";
inline constexpr char kStructType[] = "google.protobuf.Struct";
inline constexpr char kTimestampType[] = "google.protobuf.Timestamp";
inline constexpr char kValueType[] = "google.protobuf.Value";

// Not thread-safe. The Api must outlive it. After the first error everything it returns is a
// placeholder.
class TypeMapper {
 public:
  explicit TypeMapper(const Api& api);

  // Every object and enum among the named schemas.
  void AddNamedTypes(Contract& contract);

  // A field with everything but its number. `owner` names an enum that is written out in place.
  Field MapField(const Property& property, absl::string_view owner, Contract& contract);

  // Whether the schema, references followed, is an object with properties. Its name goes to `name`.
  bool IsMessage(const Schema& schema, std::string& name);

  // An error that was met outside; the first one counts.
  void Fail(absl::string_view pointer, absl::string_view what);
  const absl::Status& status() const { return status_; }

 private:
  // Follows references to the end; nullability and deprecation add up on the way.
  Schema Follow(const Schema& schema, std::string& name);
  // Label, type and format of a value of this schema.
  void MapType(const Schema& schema, absl::string_view owner, Contract& contract, Field& field);
  void MapString(const Schema& schema, Field& field);
  void MapArray(const Schema& array, absl::string_view owner, Contract& contract, Field& field);
  void MapMap(const Schema& map, absl::string_view owner, Contract& contract, Field& field);
  std::string EnumFor(const Schema& schema, absl::string_view owner, Contract& contract);
  Enum MakeEnum(const std::string& name, const Schema& schema);
  Message MakeMessage(const std::string& name, const Schema& schema, Contract& contract);

  std::map<std::string, const Schema*> schemas_;
  absl::Status status_;
};

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_TYPE_MAPPING_H_
