// Derives from an operation's path which collection the operation works on, and whether the path
// names one record of that collection.
//
//   GET    .../orders                    lists the records of the reply's schema
//   GET    .../orders/{orderId}          shows the record that the path names
//   GET    .../payment-settings          shows the only record (the reply is an object)
//   POST   .../coupons                   creates a record
//   PATCH, PUT, DELETE                   work on the record that the path names, or the only record
//
// behaviour/prelude.lua defines what each operation then does. Pure functions.
#ifndef UPSTREAM_SANDBOX_WORLD_SHAPE_H_
#define UPSTREAM_SANDBOX_WORLD_SHAPE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

// "customerId" -> "customer_id"
std::string SnakeCase(absl::string_view camel);
// "customerId" -> "customer": the name by which rules refer to the record that a path parameter
// names.
std::string RecordName(absl::string_view parameter);

// Returns the shape in the form that behaviour/prelude.lua reads: id, verb, collection,
// names_record, one_of_a_kind, lists, is_written (by any operation on the path), and parents (the
// relations of a record to the path parameters).
Json ShapeOf(const Contract& contract, const Operation& operation);

// Returns the collection whose records the `index`th path parameter names. That is the collection
// that GET shows on the path up to this parameter; "" if there is none.
std::string NamedCollection(const Contract& contract, const Operation& operation, size_t index);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_SHAPE_H_
