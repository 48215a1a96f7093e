// grpc.health.v1.Health for one server: Check and Watch.
//
// gRPC's own implementation keeps any number of watches, at some 20 KB each, for whoever opens
// them. This one keeps kMostWatches, half of them for one address, and refuses the others with
// RESOURCE_EXHAUSTED. And it reads no message before it knows that the caller may send one.
//
//   HealthService health(authorizer, arrivals);
//   builder.RegisterService(&health);
//   health.Set("", true);
//
// Thread-safety: may be used from any thread. Lifetime: outlives its server; what it is given
// outlives it.
#ifndef SERVICE_PORT_HEALTH_SERVICE_H_
#define SERVICE_PORT_HEALTH_SERVICE_H_

#include <grpcpp/impl/codegen/service_type.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "service/call/arrivals.h"

namespace gateway {

class HealthService final : public grpc::Service {
 public:
  static constexpr char kName[] = "grpc.health.v1.Health";
  static constexpr size_t kMostWatches = 512;
  // Of a request: a service's name and what stands around it.
  static constexpr size_t kMostBytes = 4096;

  explicit HealthService(Arrivals& arrivals);

  // What is said of this name from now on.
  void Set(const std::string& name, bool serving);

  // Nothing for a name that was never set.
  std::optional<bool> Get(absl::string_view name) const;

 private:
  class CheckCall;
  class Watch;

  // False: there are too many.
  bool Add(Watch& watch, const std::string& address);
  void Remove(Watch& watch, const std::string& address);
  // Sends what is known of the name now, and what changes later.
  void Begin(Watch& watch, std::string name);

  Arrivals& arrivals_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, bool, std::less<>> serving_;
  std::set<Watch*> watches_;
  absl::flat_hash_map<std::string, size_t> of_addresses_;
};

}  // namespace gateway

#endif  // SERVICE_PORT_HEALTH_SERVICE_H_
