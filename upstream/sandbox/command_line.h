// The arguments of the program: which providers it serves, where, and with what.
//
//   absl::StatusOr<std::vector<Sandbox::Options>> shops =
//       ReadCommandLine("provider-sandbox", {"--listen", "127.0.0.1:0"}, "");
//
// Pure functions, except that --seed reads a file.
#ifndef UPSTREAM_SANDBOX_COMMAND_LINE_H_
#define UPSTREAM_SANDBOX_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/sandbox/server.h"

namespace gateway::sandbox {

// The text that --help prints.
absl::string_view Usage();

// Returns one Options for each provider, in the order of their ports. `program` is the name by
// which it was started: as paynow-sandbox it serves PayNow alone unless --provider names others.
// The sandbox accepts `api_key` as well as the keys of --api-key; an empty `api_key` is ignored.
// INVALID_ARGUMENT names the argument and what is wrong with it.
absl::StatusOr<std::vector<Sandbox::Options>> ReadCommandLine(
    absl::string_view program, const std::vector<std::string>& arguments,
    const std::string& api_key);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_COMMAND_LINE_H_
