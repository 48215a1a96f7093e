// What the upstream's documents state, held against the contract data.
//
// digest.<provider>.json holds every operation, parameter, schema, member, enumerated text and
// event that the documents state, in words that digest.py explains. It is made from the documents'
// facts and never from the contract data, so a thing that the data dropped shows here.
// digest.exceptions.json says which schemas have another name in the data, and what is left out of
// it, with the reason. digest.changes.json lists what a later version of PayNow's contract says
// otherwise: `make contract` writes it, and it can excuse words only, never a thing that is lost.
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

// digest.<provider>.json
nlohmann::json DigestOf(const std::string& provider);

struct DigestExceptions {
  struct LeftOut {
    std::string what;  // a missing thing, as MissingFrom names it
    std::string reason;
  };
  // By the name in the digest: schemas, and operations as "GET /path".
  nlohmann::json renamed;
  std::vector<LeftOut> left_out;
};

DigestExceptions DigestExceptionsOf(const std::string& provider);

// By the name in the digest, the name in the contract data: what the upstream has renamed since
// (`renamed` of the data), and what digest.exceptions.json says.
nlohmann::json RenamedIn(const nlohmann::json& contract, const nlohmann::json& renamed);

// Whether a missing thing is a word on something that is there ("schema Order.id required"), and
// not an operation, a schema, a member, a text or an event that is gone altogether.
bool IsWord(absl::string_view what);

// What the digest states and the contract lacks: "schema Event", "schema Event.type value:a",
// "operation GET /a query limit max:100", "event order.paid".
std::set<std::string> MissingFrom(const nlohmann::json& contract, const nlohmann::json& digest,
                                  const nlohmann::json& renamed);

// Of paynow_events.json, which is the data of PayNow's events.
std::set<std::string> EventsMissingFrom(const nlohmann::json& events, const nlohmann::json& digest);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_DIGEST_H_
