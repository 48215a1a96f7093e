// Reads the `webhooks` of an OpenAPI 3.1 file: the body of each event becomes a named schema.
//
//   "ON_REFUND" -> RefundBody: the event's member `body` if it has one, otherwise the whole event
//
// No schema is added for a body that is a reference or is not an object with properties, or that
// has the shape of a schema that was read before (SameShape).
#ifndef TOOLS_APIGEN_OPENAPI_OPENAPI_WEBHOOKS_H_
#define TOOLS_APIGEN_OPENAPI_OPENAPI_WEBHOOKS_H_

#include "tools/apigen/openapi/json_reader.h"
#include "tools/apigen/openapi/openapi.h"

namespace gateway::apigen {

// Call this after the schemas were read.
void ReadWebhooks(JsonReader& reader, Api& api);

// Whether both schemas have the same kind, format, nullability, reference, texts, bounds, elements
// and properties. Descriptions and locations are not compared.
bool SameShape(const Schema& a, const Schema& b);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_OPENAPI_OPENAPI_WEBHOOKS_H_
