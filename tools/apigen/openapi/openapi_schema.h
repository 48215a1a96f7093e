// Reads one schema object of an OpenAPI file, 3.0 or 3.1.
#ifndef TOOLS_APIGEN_OPENAPI_OPENAPI_SCHEMA_H_
#define TOOLS_APIGEN_OPENAPI_OPENAPI_SCHEMA_H_

#include "tools/apigen/openapi/json_reader.h"
#include "tools/apigen/openapi/openapi.h"

namespace gateway::apigen {

// References stay references. A schema that cannot be mapped (alternatives, an unknown type) is
// read as one that accepts any value, with a note.
Schema ReadSchema(const Node& node, JsonReader& reader);

// Returns the element's title, summary and description. They are compared between versions and
// never shown.
std::string TextOf(const Node& node, JsonReader& reader);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_OPENAPI_OPENAPI_SCHEMA_H_
