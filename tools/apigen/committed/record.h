// What the upstream said when it was last applied: names, and a fingerprint of each description.
// The next run compares it with the new file and reports which comments need review. It is
// committed beside the protos as upstream.json; it holds no numbers and no text of the upstream.
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

// `derived`: all types of the contract, including those without a schema of their own.
Record MakeRecord(const Api& api, const Contract& derived, const std::string& version);

// Marks as `local` everything that is committed but that the upstream did not have when it was last
// applied: a person added it and may have forgotten the mark. An empty record marks nothing.
void MarkAdditions(const Record& record, Contract& committed);

// Whether both are equal, apart from the version.
bool SameContent(const Record& a, const Record& b);

// Parses a record; empty text, for a record that does not exist yet, gives an empty record.
absl::StatusOr<Record> ParseRecord(absl::string_view text);
std::string Print(const Record& record);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_COMMITTED_RECORD_H_
