// Reads one schema object of an OpenAPI 3 file, 3.0 and 3.1 alike.
#ifndef TOOLS_APIGEN_OPENAPI_SCHEMA_H_
#define TOOLS_APIGEN_OPENAPI_SCHEMA_H_

#include "tools/apigen/json_reader.h"
#include "tools/apigen/openapi.h"

namespace gateway::apigen {

// References stay references. A schema that cannot be mapped (alternatives, an unknown type) is
// read as one that takes any value, with a note.
Schema ReadSchema(const Node& node, JsonReader& reader);

// What the file says in words of the element: compared between versions, and shown to nobody.
std::string TextOf(const Node& node, JsonReader& reader);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_OPENAPI_SCHEMA_H_
