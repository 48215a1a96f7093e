// The record of the OpenAPI file that was applied last: the names of its operations and schemas,
// and a fingerprint (a hash) of each description. The next run compares the record with the new
// OpenAPI file and reports which comments need review. The record is committed beside the protos as
// upstream.json. It holds no field numbers and no descriptions.
//
//   {"version": "2026-08-03",
//    "operations": {"get /v1/stores/{}": "1f0c92ab", ...},
//    "schemas": {"OrderDto": {"": "8d01...", "total_amount": "77aa..."}, ...}}
//
// A fingerprint is "" if the element has no description.
#ifndef TOOLS_APIGEN_COMMITTED_RECORD_H_
#define TOOLS_APIGEN_COMMITTED_RECORD_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/apigen/model/model.h"
#include "tools/apigen/openapi/openapi.h"

namespace gateway::apigen {

inline constexpr char kRecordName[] = "upstream.json";

struct Record {
  std::string version;
  std::map<std::string, std::string> operations;
  // Maps each member to its fingerprint; the key "" holds the fingerprint of the schema itself.
  std::map<std::string, std::map<std::string, std::string>> schemas;
};

// `derived`: the contract made from `api`. Types of the contract that have no schema of their own
// are recorded too.
Record MakeRecord(const Api& api, const Contract& derived, const std::string& version);

// Marks as `local` each committed RPC, message, field and enum that the upstream did not have when
// it was last applied: a person added the element, and may have forgotten the mark. Marks nothing
// if the record has no schemas.
void MarkAdditions(const Record& record, Contract& committed);

// Whether both are equal, apart from the version.
bool SameContent(const Record& a, const Record& b);

// Parses a record; empty text, for a record that does not exist yet, gives an empty record.
absl::StatusOr<Record> ParseRecord(absl::string_view text);
std::string Print(const Record& record);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_COMMITTED_RECORD_H_
