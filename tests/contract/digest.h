// Compares what the upstream's documents state with the contract data.
//
// digest.<provider>.json holds every operation, parameter, schema, member, enumerated text and
// event that the documents state, in words that digest.py explains. It is made from the documents'
// facts and never from the contract data. So it shows whatever the data lacks.
// digest.exceptions.json lists the schemas that have another name in the data, and what is left out
// of the data, with the reason. digest.changes.json lists the words that a later version of
// PayNow's contract contradicts. `make contract` writes this file. It can excuse words only (see
// IsWord), never a whole thing that is missing.
//
// Thread-safety: pure functions. Errors: a member of a wrong JSON type throws nlohmann's
// exceptions.
#ifndef TESTS_CONTRACT_DIGEST_H_
#define TESTS_CONTRACT_DIGEST_H_

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway::contract {

// Returns the content of digest.<provider>.json.
nlohmann::json DigestOf(const std::string& provider);

struct DigestExceptions {
  struct LeftOut {
    std::string what;  // a missing thing, as MissingFrom names it
    std::string reason;
  };
  // Maps names in the digest to names in the data, of schemas and of operations ("GET /path").
  nlohmann::json renamed;
  std::vector<LeftOut> left_out;
};

DigestExceptions DigestExceptionsOf(const std::string& provider);

// Maps names in the digest to names in the contract data. The upstream has renamed some since
// (`renamed` of the data), and digest.exceptions.json lists others (`renamed`).
nlohmann::json RenamedIn(const nlohmann::json& contract, const nlohmann::json& renamed);

// Whether the missing thing only describes something that exists ("schema Order.id required").
// False if an operation, a schema, a member, a text or an event is missing as a whole.
bool IsWord(absl::string_view what);

// Returns what the digest states and the contract lacks, for example: "schema Event", "schema
// Event.type value:a", "operation GET /a query limit max:100", "event order.paid".
std::set<std::string> MissingFrom(const nlohmann::json& contract, const nlohmann::json& digest,
                                  const nlohmann::json& renamed);

// Like MissingFrom, but for PayNow's events, whose data is paynow_events.json.
std::set<std::string> EventsMissingFrom(const nlohmann::json& events, const nlohmann::json& digest);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_DIGEST_H_
