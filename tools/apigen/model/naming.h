// Converts names of a REST API to protobuf names. Pure functions over ASCII.
#ifndef TOOLS_APIGEN_MODEL_NAMING_H_
#define TOOLS_APIGEN_MODEL_NAMING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace gateway::apigen {

// "storeId", "store-id" and "StoreID" all give "store_id".
std::string SnakeCase(absl::string_view name);

// "OnOrderCompleted" gives "ON_ORDER_COMPLETED".
std::string UpperSnakeCase(absl::string_view name);

// "affiliate-links" and "affiliate_links" give "AffiliateLinks"; capitals inside a word stay.
std::string PascalCase(absl::string_view name);

// Whether protobuf accepts the name unchanged.
bool IsIdentifier(absl::string_view name);

// Returns the name of a field: the JSON name itself if it is already in snake_case.
std::string FieldName(absl::string_view json_name);

// The prefix of the enum's value names: "OrderStatus" gives "ORDER_STATUS_".
std::string EnumPrefix(absl::string_view enum_name);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MODEL_NAMING_H_
