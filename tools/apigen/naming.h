// How names of a REST API become names of protobuf. Pure functions over ASCII.
#ifndef TOOLS_APIGEN_NAMING_H_
#define TOOLS_APIGEN_NAMING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace gateway::apigen {

// "storeId", "store-id" and "StoreID" all give "store_id".
std::string SnakeCase(absl::string_view name);

// "OnOrderCompleted" gives "ON_ORDER_COMPLETED".
std::string UpperSnakeCase(absl::string_view name);

// "affiliate-links" and "affiliate_links" give "AffiliateLinks"; capitals inside a word stay.
std::string PascalCase(absl::string_view name);

// Whether protobuf takes the name as it is.
bool IsIdentifier(absl::string_view name);

// The name of a field: the JSON name itself where it is in snake_case already.
std::string FieldName(absl::string_view json_name);

// What the values of an enum begin with: "OrderStatus" gives "ORDER_STATUS_".
std::string EnumPrefix(absl::string_view enum_name);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_NAMING_H_
