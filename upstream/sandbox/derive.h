// The rule of an operation whose path's shape says what it does.
//
//   GET    .../orders                    lists the records of the reply's schema
//   GET    .../orders/{orderId}          shows the record that the path names
//   GET    .../payment-settings          shows the one record there is (a reply that is an object)
//   POST   .../coupons                   creates; where GET shows one record: 409 if it is there
//                                        already
//   PATCH, PUT                           update the record that the path names, or the one there is
//   DELETE                               deletes it
//
// The collection is the one that GET on the same path shows, or that the reply names. Path
// parameters tie a record to its parents: {customerId} must equal the record's "customer_id", where
// it has one; a created record gets it.
#ifndef UPSTREAM_SANDBOX_DERIVE_H_
#define UPSTREAM_SANDBOX_DERIVE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

// "customerId" -> "customer_id"
std::string SnakeCase(absl::string_view camel);
// "customerId" -> "customer": the name by which rules know the record that a path parameter names.
std::string RecordName(absl::string_view parameter);

// The behaviour's rule with the derived steps in it. Fails for an operation that has no steps and
// no derivable shape.
absl::StatusOr<Json> CompleteRule(const Contract& contract, const Operation& operation,
                                  const Json& stated);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_DERIVE_H_
