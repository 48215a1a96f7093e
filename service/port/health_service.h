// grpc.health.v1.Health for one server: Check and Watch.
//
// gRPC's own implementation keeps any number of watches, at some 20 KB each, for anybody who opens
// them. This implementation keeps at most kMostWatches, half of them for one address, and refuses
// more with RESOURCE_EXHAUSTED. It reads a call's message only if `arrivals` has room for the call.
//
//   HealthService health(arrivals);
//   builder.RegisterService(&health);
//   health.Set("", true);
//
// Thread-safety: may be used from any thread. Lifetime: must outlive its server. `arrivals` must
// outlive it.
#ifndef SERVICE_PORT_HEALTH_SERVICE_H_
#define SERVICE_PORT_HEALTH_SERVICE_H_

#include <grpcpp/impl/codegen/service_type.h>

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "service/call/arrivals.h"
#include "upstream/mutex.h"

namespace gateway {

class HealthService final : public grpc::Service {
 public:
  static constexpr char kName[] = "grpc.health.v1.Health";
  static constexpr size_t kMostWatches = 512;
  // The largest request: a service's name and a few bytes around it.
  static constexpr size_t kMostBytes = 4096;

  explicit HealthService(Arrivals& arrivals);

  // Sets the status of this name, and sends it to those who watch the name.
  void Set(const std::string& name, bool serving);

  // Returns nullopt for a name that was never set.
  std::optional<bool> Get(absl::string_view name) const;

 private:
  class CheckCall;
  class Watch;

  // Returns false if there are too many watches.
  bool Add(Watch& watch, const std::string& address);
  void Remove(Watch& watch, const std::string& address);
  // Sends the present status of the name now, and each change later.
  void Begin(Watch& watch, std::string name);

  Arrivals& arrivals_;
  mutable Mutex mutex_;
  std::map<std::string, bool, std::less<>> serving_ ABSL_GUARDED_BY(mutex_);
  // The name that each watch is about; nullopt before the watch's message has arrived.
  std::map<Watch*, std::optional<std::string>> watches_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, size_t> of_addresses_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway

#endif  // SERVICE_PORT_HEALTH_SERVICE_H_
