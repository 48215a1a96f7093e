// The facts that the upstream publishes, read from its contract data. The form of that data is
// described in upstream/sandbox/contracts/README.md.
//
// Facts that the data does not state, but that follow from REST and from this API:
//   - a path parameter is required, and so is a declared body;
//   - only a GET is free of side effects;
//   - a PATCH of an object tells null from absent, so its call has an update mask;
//   - a reply that is declared under the status 204, or beside it, may be empty.
//
// Facts that no proto could state are ignored: see `kSilent`. A member that is neither read nor
// ignored becomes a fact of its own ("unread ..."), and no proto agrees with it.
//
// Thread-safety: pure functions. Errors: a member of a wrong JSON type throws nlohmann's
// exceptions.
#ifndef TESTS_CONTRACT_PUBLISHED_CONTRACT_H_
#define TESTS_CONTRACT_PUBLISHED_CONTRACT_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/contract/facts.h"

namespace gateway::contract {

// Members that the protos have no place for.
//   member     meaning, and why it is ignored
//   also       further answers: an RPC has one reply. Only a status 204 among them is read.
//   status     the reply's status. Only 204 is read.
//   read_only  a field of a request that the upstream ignores
//   closed     whether the upstream never sends more members: the gateway skips them in any case
//   const      the only permitted value
//   default    the value that the upstream uses if the member is not sent
//   partial    an update that may omit required members: here every PATCH may do so
// At the top level, `provider`, `api`, `renamed`, and `base_path` (a part of every path) are
// ignored too.
inline constexpr absl::string_view kSilent[] = {"also",  "status",  "read_only", "closed",
                                                "const", "default", "partial"};

Facts PublishedFacts(const nlohmann::json& contract);

// Returns the name of the operation's unit, such as "operation Orders_RefundOrder".
std::string UnitOf(const nlohmann::json& operation);

// These functions add one element of `operations` or `events`, or one member of `schemas`.
// PublishedFacts calls them for every one.
void AddOperation(const nlohmann::json& operation, Facts& facts);
void AddEvent(const nlohmann::json& event, Facts& facts);
void AddSchema(const std::string& name, const nlohmann::json& schema, Facts& facts);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_PUBLISHED_CONTRACT_H_
