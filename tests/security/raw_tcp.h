// Sockets by hand, on this machine.
//
// Errors: what the system refuses ends the program.
#ifndef TESTS_SECURITY_RAW_TCP_H_
#define TESTS_SECURITY_RAW_TCP_H_

#include <string>

#include "tests/service/authority.h"

namespace gateway::security {

// One that was free a moment ago.
int FreePort();

// A connected socket, to be closed by the caller.
int Connect(int port);

// Sends the bytes, and reads to the end of the connection.
std::string Exchange(int port, const std::string& bytes);

// Whether a TLS handshake of at most this version (of OpenSSL: TLS1_1_VERSION) succeeds for the
// owner of this certificate.
bool Handshakes(int port, int version, const Identity& client);

// Whether a second TLS handshake of this version resumes the session of the first.
bool Resumes(int port, int version, const Identity& client);

}  // namespace gateway::security

#endif  // TESTS_SECURITY_RAW_TCP_H_
