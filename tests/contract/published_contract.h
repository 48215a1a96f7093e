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
// silent is a fact of its own ("unread ..."), which no proto agrees with.
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
//   also       the statuses of further answers apart from 204: one RPC has one reply
//   status     apart from 204
//   read_only  a field of a request that the upstream does not heed
//   closed     whether the upstream ever sends more members: they are skipped in any case
//   const      the only value there is
//   default    what the upstream takes where nothing is sent
//   partial    an update that need not bring all required members: here every PATCH is one
// and of the whole: `provider`, `api`, `base_path`, which every path repeats, and `renamed`.
inline constexpr absl::string_view kSilent[] = {"also",  "status",  "read_only", "closed",
                                                "const", "default", "partial"};

Facts PublishedFacts(const nlohmann::json& contract);

// Where the facts of an element of `operations` stand: "operation Orders_RefundOrder".
std::string UnitOf(const nlohmann::json& operation);

// One element of `operations` or `events`, one member of `schemas`: all of PublishedFacts is made
// of these.
void AddOperation(const nlohmann::json& operation, Facts& facts);
void AddEvent(const nlohmann::json& event, Facts& facts);
void AddSchema(const std::string& name, const nlohmann::json& schema, Facts& facts);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_PUBLISHED_CONTRACT_H_
