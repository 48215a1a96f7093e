// Names of fields that generators of code can tell apart.
//
// The accessors of Java's generator for an enum field `ban_type` include getBanTypeValue(), which a
// field `ban_type_value` beside it has too: the code does not compile. Such a field is called
// `ban_type_text`, and keeps its name in JSON by wire_name. Pure functions.
#ifndef TOOLS_APIGEN_MERGE_ACCESSOR_NAMES_H_
#define TOOLS_APIGEN_MERGE_ACCESSOR_NAMES_H_

#include "tools/apigen/model/model.h"

namespace gateway::apigen {

// Renames what `committed` does not have yet: names that callers know stay as they are.
void MakeAccessorsUnique(const Contract& committed, Contract& merged);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_ACCESSOR_NAMES_H_
