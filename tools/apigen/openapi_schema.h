// Reads one schema object of an OpenAPI 3 file, 3.0 and 3.1 alike.
#ifndef TOOLS_APIGEN_OPENAPI_SCHEMA_H_
#define TOOLS_APIGEN_OPENAPI_SCHEMA_H_

#include "tools/apigen/json_reader.h"
#include "tools/apigen/openapi.h"

namespace gateway::apigen {

// Errors go to `reader`. References stay references.
Schema ReadSchema(const Node& node, JsonReader& reader);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_OPENAPI_SCHEMA_H_
