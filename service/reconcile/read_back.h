// Reads from an upstream what a write may have left there, as the write's proto says
// (gateway.v1.Lookup). Like every call, the read goes through the upstream's client, with its
// limits and with the keys in force.
//
// Thread-safety: may be used from any thread. Lifetime: the constructor's arguments must outlive it
// and its reads.
#ifndef SERVICE_RECONCILE_READ_BACK_H_
#define SERVICE_RECONCILE_READ_BACK_H_

#include <string>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "service/generation/generation.h"
#include "upstream/client.h"
#include "upstream/credentials.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/route.h"
#include "upstream/steady_time.h"

namespace gateway {

class ReadBack {
 public:
  // The reply, serialized, or why there is none.
  using Result = std::variant<std::string, mapping::Failure>;
  using Done = absl::AnyInvocable<void(Result)>;

  ReadBack(const mapping::RouteTable& routes, KeyRenewal& renewal);

  // Returns the lookup of the write with this full name:
  // "paynow.management.v1.OrdersService.RefundOrder". Null if the proto has none.
  const mapping::LookupPlan* LookupOf(absl::string_view rpc) const;

  // `request` is LookupMemory::read_request. The generation must outlive the read. `done` is called
  // once, perhaps before Read returns, on a thread that must not be blocked.
  Client::Handle Read(const Generation& generation, const mapping::LookupPlan& lookup,
                      absl::string_view request, SteadyTime deadline, Done done) const;

 private:
  KeyRenewal& renewal_;
  absl::flat_hash_map<std::string, const mapping::Route*> reads_;   // by rpc_path
  absl::flat_hash_map<std::string, const mapping::Route*> writes_;  // those with a lookup, by name
};

}  // namespace gateway

#endif  // SERVICE_RECONCILE_READ_BACK_H_
