// The gRPC server: our services, health, reflection and channelz, with TLS or in plain text. A
// second listener, in plain text, may serve only health checks, for callers that have no
// certificate.
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
#include "service/port/guard/lingering_close.h"
#include "service/port/health_service.h"
#include "service/port/plain_http.h"
#include "service/port/raw_service.h"
#include "service/port/reflection_service.h"
#include "service/port/unknown_method.h"

namespace gateway {

class Server {
 public:
  struct Options {
    std::string listen;  // "127.0.0.1:50051"; port 0 picks a free port
    int64_t max_request_bytes;
    ServerConfig settings;
    // Its generation has TLS material if the settings ask for TLS. Must outlive the server.
    const Slot<Generation>* in_force = nullptr;
    // Decides who may call reflection and channelz, and which client certificates are good; null:
    // everybody may call. Must outlive the server.
    authorization::Authorizer* authorizer = nullptr;
  };

  // Returns a server that serves. The endpoints of one service must stand together. What the
  // endpoints point to, and the surroundings of their calls, must outlive the server. UNAVAILABLE
  // if the server cannot listen on the address.
  static absl::StatusOr<std::unique_ptr<Server>> Create(const Options& options,
                                                        const std::vector<Endpoint>& endpoints,
                                                        const Surroundings& surroundings);

  // Aborts the calls that are still in flight.
  ~Server();

  int port() const { return port_; }
  // The port of the listener for health checks; 0 if there is none.
  int health_port() const { return health_port_; }
  // The port of the HTTP/1.1 probes. Must not be called if the settings have no address for them.
  int probe_port() const { return probes_->port(); }

  // Sets what health reports for an upstream's name and for its services; SERVING at first. Must
  // not be called after ReportNotServing.
  void SetUpstreamServing(const std::string& upstream, bool serving);

  // Health reports NOT_SERVING from now on, for everything. Calls are served as before.
  void ReportNotServing();

  // Sends GOAWAY, gives the calls in flight `grace` to end, and aborts the rest. Returns when no
  // call is left, and the callers have their last answers or did not take them in time.
  void Drain(absl::Duration grace);

 private:
  Server(const std::vector<Endpoint>& endpoints, const Surroundings& surroundings);
  absl::Status ListenForHealth(const Options& options);
  absl::Status ListenForProbes(const Options& options);
  void SetServing(bool serving);
  void SetHealth(const std::string& name, bool serving);

  std::vector<std::unique_ptr<RawService>> services_;
  // The names that health reports, by upstream: the upstream's name and the names of its services.
  // The entry "" has the gateway's own services.
  std::map<std::string, std::set<std::string>> names_of_upstreams_;
  const Surroundings& surroundings_;
  HealthService health_;
  HealthService health_alone_;  // served by health_server_
  ReflectionService reflection_;
  UnknownMethod unknown_method_;
  UnknownMethod unknown_health_method_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;  // of server_
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> health_server_;  // may be null
  int health_port_ = 0;
  std::unique_ptr<PlainHttp> probes_;                  // may be null
  std::unique_ptr<LingeringClose> lingering_;          // of both servers' connections
  std::unique_ptr<ConnectionGuard> connection_guard_;  // last: it uses the servers
};

}  // namespace gateway

#endif  // SERVICE_PORT_SERVER_H_
