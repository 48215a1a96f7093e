// Fuzzes the policy file: it is accepted and gives decisions, or it is refused with its name and a
// reason.
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "service/authorization/policy.h"
#include "tests/fuzz/support.h"

namespace gateway::fuzz {
namespace {

using authorization::Kind;

constexpr char kFile[] = "fuzzed.json";

void Try(absl::string_view text) {
  static const std::vector<authorization::Method> methods = {
      {"a.Orders/Get", "a", Kind::kRead},
      {"a.Orders/Refund", "a", Kind::kWrite},
      {"w.Webhooks/Parse", "", Kind::kNeither}};
  const auto policy = authorization::Policy::Parse(kFile, text, methods);
  if (!policy.ok()) {
    Require(absl::IsInvalidArgument(policy.status()), "a bad policy is an invalid argument");
    Require(absl::StrContains(policy.status().message(), kFile), "an error names the file");
    return;
  }
  authorization::Identity caller;
  caller.spiffe = "spiffe://example/shop";
  for (size_t method = 0; method < methods.size(); ++method) {
    const authorization::Grant grant = (*policy)->Judge(method, caller);
    Require(grant.any_store() == (grant.For("no store that a rule could name \x01") != nullptr),
            "a store that no rule names is allowed where all are");
  }
}

}  // namespace
}  // namespace gateway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gateway::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
