// No session of TLS is resumed on the gRPC port.
//
// A resumed session brings the certificate of the first handshake along, and nobody looks at it
// again: a client lived on for days after its certificate had ended. gRPC 1.51 has no switch for it
// ("TODO: Provide ability to disable session ticket keys"). But it calls
// SSL_CTX_set_session_id_context for each context of a server, so that sessions can be resumed, and
// for nothing else. The program has a function of this name, which the dynamic linker finds before
// OpenSSL's.
#ifndef SERVICE_PORT_SESSION_RESUMPTION_H_
#define SERVICE_PORT_SESSION_RESUMPTION_H_

namespace gateway {

// Links the function above into the program. To be called before a port with TLS is made.
void ForbidSessionResumption();

}  // namespace gateway

#endif  // SERVICE_PORT_SESSION_RESUMPTION_H_
