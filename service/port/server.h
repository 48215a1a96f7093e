// The gRPC server: the services, with health, reflection and channelz beside them. With TLS, or in
// plain text; a second listener may answer health checks alone, in plain text, for those who have
// no certificate to show.
//
// Thread-safety: Create, Drain and the destructor belong to one thread.
#ifndef SERVICE_PORT_SERVER_H_
#define SERVICE_PORT_SERVER_H_

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/call/call_frame.h"
#include "service/call/method.h"
#include "service/config/config.h"
#include "service/generation/generation.h"
#include "service/generation/slot.h"
#include "service/port/guard/connection_guard.h"
#include "service/port/health_service.h"
#include "service/port/plain_http.h"
#include "service/port/raw_service.h"
#include "service/port/reflection_service.h"
#include "service/port/unknown_method.h"

namespace gateway {

class Server {
 public:
  struct Options {
    std::string listen;  // "127.0.0.1:50051"; port 0 for any that is free
    int64_t max_request_bytes;
    ServerConfig settings;
    // With TLS material where the settings ask for it; outlives the server.
    const Slot<Generation>* in_force = nullptr;
    // Who may call gRPC's own services, and whose certificates are good; null: everybody may.
    // Outlives the server.
    authorization::Authorizer* authorizer = nullptr;
  };

  // Listens and serves from here on. The endpoints of one service must stand together; what they
  // point to, and the surroundings of their calls, must outlive the server. UNAVAILABLE where the
  // address cannot be had.
  static absl::StatusOr<std::unique_ptr<Server>> Create(const Options& options,
                                                        const std::vector<Endpoint>& endpoints,
                                                        const Surroundings& surroundings);

  // Ends calls that are still there.
  ~Server();

  int port() const { return port_; }
  // Of the listener for health checks; only where the settings have an address for it.
  int health_port() const { return health_port_; }
  // Of the probes over HTTP/1.1; only where the settings have an address for them.
  int probe_port() const { return probes_->port(); }

  // What health says of an upstream's name and of its services, from now on; SERVING at first. Not
  // beside Drain.
  void SetUpstreamServing(const std::string& upstream, bool serving);

  // Says NOT_SERVING, waits for `delay` so that load balancers notice, sends GOAWAY, gives the
  // calls in flight `grace` to end, and aborts the rest. Returns when nothing is left.
  void Drain(absl::Duration delay, absl::Duration grace);

 private:
  Server(const std::vector<Endpoint>& endpoints, const Surroundings& surroundings);
  absl::Status ListenForHealth(const Options& options);
  absl::Status ListenForProbes(const Options& options);
  void SetServing(bool serving);
  void SetHealth(const std::string& name, bool serving);

  std::vector<std::unique_ptr<RawService>> services_;
  // For health: an upstream's name, and those of its services; "" with those of the gateway's own.
  std::map<std::string, std::set<std::string>> names_of_upstreams_;
  const Surroundings& surroundings_;
  HealthService health_;
  HealthService health_alone_;  // the second server's
  ReflectionService reflection_;
  UnknownMethod unknown_method_;
  UnknownMethod unknown_health_method_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;  // the server's
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> health_server_;  // may be null
  int health_port_ = 0;
  std::unique_ptr<PlainHttp> probes_;                  // may be null
  std::unique_ptr<ConnectionGuard> connection_guard_;  // last: it looks at the servers
};

}  // namespace gateway

#endif  // SERVICE_PORT_SERVER_H_
