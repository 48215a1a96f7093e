// Returns the gateway's annotations of a field, a message or an enum.
#ifndef TOOLS_APIGEN_REPORT_RULES_H_
#define TOOLS_APIGEN_REPORT_RULES_H_

#include "gateway/v1/annotations.pb.h"
#include "tools/apigen/model/model.h"

namespace gateway::apigen {

inline const v1::FieldRules& RulesOf(const Field& field) {
  return field.options.GetExtension(v1::field);
}

inline const v1::SchemaRules& RulesOf(const Message& message) {
  return message.options.GetExtension(v1::schema);
}

inline const v1::SchemaRules& RulesOf(const Enum& value) {
  return value.options.GetExtension(v1::enum_schema);
}

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_REPORT_RULES_H_
