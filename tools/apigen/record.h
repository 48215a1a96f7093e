// What the upstream said when it was last applied: names, and a fingerprint of each text. The next
// run compares, and tells which comments to look at again. Committed beside the protos, as
// upstream.json; it holds no numbers and no text of the upstream's.
//
//   {"version": "2026-08-03",
//    "operations": {"get /v1/stores/{}": "1f0c92ab", ...},
//    "schemas": {"OrderDto": {"": "8d01...", "total_amount": "77aa..."}, ...}}
//
// A fingerprint is "" where there is no text.
#ifndef TOOLS_APIGEN_RECORD_H_
#define TOOLS_APIGEN_RECORD_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/apigen/model.h"
#include "tools/apigen/openapi.h"

namespace gateway::apigen {

inline constexpr char kRecordName[] = "upstream.json";

struct Record {
  std::string version;
  std::map<std::string, std::string> operations;
  // The fingerprint of a member; that of the schema itself under "".
  std::map<std::string, std::map<std::string, std::string>> schemas;
};

// `derived`: the types of the contract, those without a schema of their own included.
Record MakeRecord(const Api& api, const Contract& derived, const std::string& version);

// Whoever adds an RPC, a message or a member to the protos may forget to mark it `local`. What is
// committed, and the upstream did not have when it was last applied, was added by hand: it is
// marked. Nothing is marked under an empty record.
void MarkAdditions(const Record& record, Contract& committed);

// Whether both are equal, apart from the version.
bool SameContent(const Record& a, const Record& b);

// A record that does not exist yet is empty.
absl::StatusOr<Record> ParseRecord(absl::string_view text);
std::string Print(const Record& record);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_RECORD_H_
