// The credentials of the gRPC port: TLS with the material that is in force when a handshake begins,
// or plain text.
//
// gRPC 1.51's own way to change certificates (TlsServerCredentials with a file-watching provider)
// frees the working certificates before it tries the new ones, and goes on with the freed ones if
// the new ones are bad. The older mechanism that is used here asks for the certificates at each
// handshake, and keeps the old ones unless the new ones are good. It has no C++ interface.
//
// If there is an authorizer, calls of reflection, channelz and health are checked here: channelz is
// gRPC's own service, and only the credentials can refuse its calls. All other calls pass; their
// handlers ask the authorizer themselves, and can send an ErrorInfo.
//
// Lifetime: the arguments and the result must outlive the server: gRPC's builder keeps neither.
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
  authorization::Authorizer* authorizer = nullptr;  // null: everybody may call
  const Slot<Generation>* in_force = nullptr;       // required with an authorizer
  size_t max_metadata_bytes = 0;
};

// TLS 1.2 or later, with the material of the generation in force at each handshake.
// `require_client_certificate` applies if the material has authorities for clients when the server
// starts. Whether the material has authorities must not change later.
std::shared_ptr<grpc::ServerCredentials> TlsPort(const Slot<Generation>& in_force,
                                                 bool require_client_certificate,
                                                 const PortChecks& checks);

std::shared_ptr<grpc::ServerCredentials> PlaintextPort(const PortChecks& checks);

}  // namespace gateway

#endif  // SERVICE_PORT_PORT_CREDENTIALS_H_
