// Turns off the resumption of TLS sessions on the gRPC port.
//
// A resumed session keeps the certificate of the first handshake, which is not verified again: a
// client could call for days after its certificate had expired. gRPC 1.51 has no option against
// that ("TODO: Provide ability to disable session ticket keys"). But for each context of a server
// it calls SSL_CTX_set_session_id_context, and only to make resumption possible. The program
// defines a function of this name that turns resumption off. The dynamic linker finds this function
// before OpenSSL's.
#ifndef SERVICE_PORT_SESSION_RESUMPTION_H_
#define SERVICE_PORT_SESSION_RESUMPTION_H_

namespace gateway {

// Links the function above into the program. Must be called before a TLS port is made.
void ForbidSessionResumption();

}  // namespace gateway

#endif  // SERVICE_PORT_SESSION_RESUMPTION_H_
