// What the path of an operation says about it: which collection it works on, and whether it names
// one record of it.
//
//   GET    .../orders                    lists the records of the reply's schema
//   GET    .../orders/{orderId}          shows the record that the path names
//   GET    .../payment-settings          shows the one record there is (a reply that is an object)
//   POST   .../coupons                   creates one
//   PATCH, PUT, DELETE                   work on the record that the path names, or the one there
//   is
//
// What is done then stands in behaviour/prelude.lua. Pure functions.
#ifndef UPSTREAM_SANDBOX_WORLD_SHAPE_H_
#define UPSTREAM_SANDBOX_WORLD_SHAPE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

// "customerId" -> "customer_id"
std::string SnakeCase(absl::string_view camel);
// "customerId" -> "customer": the name by which rules know the record that a path parameter names.
std::string RecordName(absl::string_view parameter);

// As behaviour/prelude.lua reads it: id, verb, collection, names_record, one_of_a_kind, lists,
// is_written (by any operation on the path), and parents, the relations of a record to what the
// path names.
Json ShapeOf(const Contract& contract, const Operation& operation);

// The collection whose records the `index`th path parameter names: the one that GET on the path up
// to it shows, or "".
std::string NamedCollection(const Contract& contract, const Operation& operation, size_t index);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_SHAPE_H_
