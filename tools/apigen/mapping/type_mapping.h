// Maps OpenAPI schemas to field types, and schema definitions to messages and enums.
#ifndef TOOLS_APIGEN_MAPPING_TYPE_MAPPING_H_
#define TOOLS_APIGEN_MAPPING_TYPE_MAPPING_H_

#include <map>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "tools/apigen/model/model.h"
#include "tools/apigen/openapi/notes.h"
#include "tools/apigen/openapi/openapi.h"

namespace gateway::apigen {

// Not thread-safe. Api and notes must outlive it.
class TypeMapper {
 public:
  // `taken`: names that no type may have.
  TypeMapper(const Api& api, std::set<std::string> taken, Notes& notes);

  // Adds every object and enum among the named schemas.
  void AddNamedTypes(Contract& contract);

  // Makes a field that is complete except for its number. An enum that is defined inline is named
  // `owner` followed by the property's name.
  Field MapField(const Property& property, absl::string_view owner, Contract& contract);

  // Whether the schema, with references followed, is an object with properties. If so, sets `name`
  // to its message name.
  bool IsMessage(const Schema& schema, std::string& name);

  bool IsTaken(const std::string& name) const { return taken_.count(name) > 0; }
  void AddNote(Note::Effect effect, absl::string_view pointer, absl::string_view what) {
    notes_.Add(effect, pointer, what);
  }

 private:
  void Loosen(const Schema& schema, absl::string_view what) {
    notes_.Add(Note::Effect::kLoosened, schema.pointer, what);
  }
  void NameTypes();
  // Returns `wanted` if it is free; otherwise `wanted` with a counter behind: "Order2".
  std::string FreeName(const std::string& wanted) const;
  // Follows references to the end, and sets `name` to the last name that was followed. The result
  // is nullable or deprecated if any schema on the way is.
  Schema Follow(const Schema& schema, std::string& name);
  // Sets label, type and format for a value of this schema.
  void MapType(const Schema& schema, absl::string_view owner, Contract& contract, Field& field);
  void MapString(const Schema& schema, Field& field);
  void MapArray(const Schema& array, absl::string_view owner, Contract& contract, Field& field);
  void MapMap(const Schema& map, absl::string_view owner, Contract& contract, Field& field);
  std::string EnumFor(const Schema& schema, absl::string_view owner, Contract& contract);
  Enum MakeEnum(const std::string& name, const Schema& schema);
  Message MakeMessage(const std::string& name, const Schema& schema, Contract& contract);

  std::map<std::string, const Schema*> schemas_;
  // Names of messages and enums, keyed by the upstream's names.
  std::map<std::string, std::string> type_names_;
  std::set<std::string> taken_;
  Notes& notes_;
};

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MAPPING_TYPE_MAPPING_H_
