// Gives a name to each object that the OpenAPI file writes out in place: the name of what holds it,
// then the name of the member.
//
//   DrinkDto.size = {type: object, properties: ...}   -> schema DrinkDtoSize
//   body, reply of ColdDrinks_Pour                    -> schemas PourBody, PourReply
#ifndef TOOLS_APIGEN_INLINE_OBJECTS_H_
#define TOOLS_APIGEN_INLINE_OBJECTS_H_

#include "tools/apigen/openapi.h"

namespace gateway::apigen {

// Needs the names of operations.
void NameInlineObjects(Api& api);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_INLINE_OBJECTS_H_
