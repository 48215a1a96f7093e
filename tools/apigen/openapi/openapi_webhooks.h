// Reads the `webhooks` of an OpenAPI 3.1 file: the body of each event becomes a named schema.
//
//   "ON_REFUND" -> RefundBody: the event's member `body` if it has one, otherwise the whole event
//
// No schema is added for an event whose body is already a named schema, or is the same as the body
// of another event.
#ifndef TOOLS_APIGEN_OPENAPI_OPENAPI_WEBHOOKS_H_
#define TOOLS_APIGEN_OPENAPI_OPENAPI_WEBHOOKS_H_

#include "tools/apigen/openapi/json_reader.h"
#include "tools/apigen/openapi/openapi.h"

namespace gateway::apigen {

// Call this after the schemas were read.
void ReadWebhooks(JsonReader& reader, Api& api);

// Whether both schemas accept the same values. Descriptions and locations are not compared.
bool SameShape(const Schema& a, const Schema& b);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_OPENAPI_OPENAPI_WEBHOOKS_H_
