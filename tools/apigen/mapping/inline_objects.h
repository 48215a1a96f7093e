// Names each object that the OpenAPI file defines inline: the name of its owner, followed by the
// name of the member.
//
//   DrinkDto.size = {type: object, properties: ...}   -> schema DrinkDtoSize
//   body, reply of ColdDrinks_Pour                    -> schemas PourBody, PourReply
#ifndef TOOLS_APIGEN_MAPPING_INLINE_OBJECTS_H_
#define TOOLS_APIGEN_MAPPING_INLINE_OBJECTS_H_

#include "tools/apigen/openapi/openapi.h"

namespace gateway::apigen {

// The operations must already have their names.
void NameInlineObjects(Api& api);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MAPPING_INLINE_OBJECTS_H_
