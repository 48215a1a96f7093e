// Reads the `webhooks` of an OpenAPI 3.1 file: the body of each event becomes a named schema.
//
//   "ON_REFUND" -> RefundBody; the member `body` of the event where it has one, else the whole
//   event
//
// An event whose body is one of the named schemas needs none of its own, and so does an event with
// the same body as another one.
#ifndef TOOLS_APIGEN_OPENAPI_WEBHOOKS_H_
#define TOOLS_APIGEN_OPENAPI_WEBHOOKS_H_

#include "tools/apigen/json_reader.h"
#include "tools/apigen/openapi.h"

namespace gateway::apigen {

// To be called after the schemas were read.
void ReadWebhooks(JsonReader& reader, Api& api);

// Whether both take the same values; prose and places are not compared.
bool SameShape(const Schema& a, const Schema& b);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_OPENAPI_WEBHOOKS_H_
