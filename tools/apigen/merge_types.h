// The part of merging that concerns one message or one enum. Pure functions.
#ifndef TOOLS_APIGEN_MERGE_TYPES_H_
#define TOOLS_APIGEN_MERGE_TYPES_H_

#include "tools/apigen/model.h"

namespace gateway::apigen {

// Fields are matched by name. Where the type changed so that old bytes would be misread, the old
// number is reserved and the field takes a new one.
Message MergeMessage(const Message& committed, const Message& derived);

// Values are matched by their text in JSON, then by name.
Enum MergeEnum(const Enum& committed, const Enum& derived);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_TYPES_H_
