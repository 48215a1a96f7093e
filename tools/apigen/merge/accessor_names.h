// Renames fields whose accessors would clash in generated Java code.
//
// Java's generator makes getBanTypeValue() for an enum field `ban_type`, and once more for a field
// `ban_type_value` of the same message, so the Java code does not compile. The field
// `ban_type_value` is renamed to `ban_type_text`. If `ban_type_value` is already committed, the
// enum field is renamed to `ban_type_enum` instead. The option wire_name keeps the name in JSON.
// Pure functions.
#ifndef TOOLS_APIGEN_MERGE_ACCESSOR_NAMES_H_
#define TOOLS_APIGEN_MERGE_ACCESSOR_NAMES_H_

#include "tools/apigen/model/model.h"

namespace gateway::apigen {

// Renames only fields that `committed` does not have: names that callers know stay as they are.
void MakeAccessorsUnique(const Contract& committed, Contract& merged);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_ACCESSOR_NAMES_H_
