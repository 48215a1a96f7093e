// What gRPC asks of each connection to the port: TLS with the material that is in force when the
// handshake begins, or nothing.
//
// gRPC 1.51's own way to change certificates (TlsServerCredentials with a file-watching provider)
// frees the working ones before it tries the new ones, and goes on with what it freed when those
// are bad. The older way that is used here asks for the certificates at each handshake and keeps
// the old ones unless the new ones are good; only C++ has no name for it.
//
// Where there is an authorizer, calls of reflection, channelz and health are put before it here:
// the first two are gRPC's own, and this is the one place that comes before them. All other calls
// pass; their handlers ask the authorizer themselves, and can tell their callers more.
//
// Lifetime: what is given, and what is returned, must outlive the server: gRPC's builder keeps
// neither.
#ifndef SERVICE_PORT_PORT_CREDENTIALS_H_
#define SERVICE_PORT_PORT_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <cstddef>
#include <memory>

#include "service/authorization/authorizer.h"
#include "service/generation/generation.h"
#include "service/generation/slot.h"

namespace gateway {

struct PortChecks {
  authorization::Authorizer* authorizer = nullptr;  // null: everybody may
  const Slot<Generation>* in_force = nullptr;       // not null beside an authorizer
  size_t max_metadata_bytes = 0;
};

// TLS 1.2 or later, with the material of the generation in force at each handshake.
// `require_client_certificate` counts where the material has authorities for clients when the
// server starts, which must not change later.
std::shared_ptr<grpc::ServerCredentials> TlsPort(const Slot<Generation>& in_force,
                                                 bool require_client_certificate,
                                                 const PortChecks& checks);

std::shared_ptr<grpc::ServerCredentials> PlaintextPort(const PortChecks& checks);

}  // namespace gateway

#endif  // SERVICE_PORT_PORT_CREDENTIALS_H_
