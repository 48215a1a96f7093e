// The data of one provider, as it is linked into the program: see contracts/README.md.
//
//   const Bundle* bundle = FindBundle("paynow");
//   const auto contract = Contract::Parse(bundle->contract);
//
// Thread-safety: everything lives, unchanged, as long as the program.
#ifndef UPSTREAM_SANDBOX_BUNDLE_H_
#define UPSTREAM_SANDBOX_BUNDLE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/script/script.h"

namespace gateway::sandbox {

struct Bundle {
  absl::string_view provider;
  absl::string_view contract;
  // The behaviour's Lua files, in the order in which they run. The last file returns the settings.
  std::vector<Script::File> behaviour;
  absl::string_view seed;
  absl::string_view arguments;
};

// In alphabetical order.
const std::vector<Bundle>& Bundles();

// nullptr if there is no such provider.
const Bundle* FindBundle(absl::string_view provider);

// The provider's contract, parsed once for the whole process. NOT_FOUND if there is no such
// provider.
absl::StatusOr<const Contract*> ContractOf(absl::string_view provider);

// The shapes of the provider's events, if they are kept apart from its contract; otherwise nullptr.
const Contract* EventsOf(absl::string_view provider);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_BUNDLE_H_
