// All parts of the gateway, put together from a configuration:
//
//   descriptors -> routes -> one client per upstream -> endpoints -> server
//
//   absl::StatusOr<std::unique_ptr<Gateway>> gateway = Gateway::Create(config);
//   ... serves until ...
//   (*gateway)->Drain();
//
// Thread-safety: Create, Drain and the destructor belong to one thread.
#ifndef SERVICE_GATEWAY_H_
#define SERVICE_GATEWAY_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/config.h"
#include "service/drift_log.h"
#include "service/in_flight.h"
#include "service/server.h"
#include "upstream/client.h"
#include "upstream/mapping/route.h"

namespace gateway {

class Gateway {
 public:
  // Serves from here on. The status of what cannot be had or does not fit: an upstream without a
  // provider in the protos, a key that cannot be read, an address in use.
  static absl::StatusOr<std::unique_ptr<Gateway>> Create(const Config& config);

  // Everything that Create does except listening.
  static absl::Status Check(const Config& config);

  int port() const { return server_->port(); }
  const DriftLog& drift() const { return drift_; }

  // Ends the service as the configuration says (see Server::Drain).
  void Drain();

 private:
  explicit Gateway(const Config& config) : config_(config) {}
  absl::Status MakeRoutes();
  absl::Status MakeClients();
  std::vector<Endpoint> MakeEndpoints();

  const Config config_;
  std::unique_ptr<const mapping::RouteTable> routes_;
  DriftLog drift_;
  InFlight in_flight_;
  std::map<std::string, std::unique_ptr<Client>> clients_;  // by the provider's name
  std::unique_ptr<Server> server_;                          // last: it uses all of the above
};

}  // namespace gateway

#endif  // SERVICE_GATEWAY_H_
