// Plain sockets to local ports.
//
// Errors: a failing system call ends the program.
#ifndef TESTS_SECURITY_RAW_TCP_H_
#define TESTS_SECURITY_RAW_TCP_H_

#include <string>

#include "tests/service/authority.h"

namespace gateway::security {

// Returns a port that was free a moment ago.
int FreePort();

// Returns a connected socket; the caller closes it.
int Connect(int port);

// Sends the bytes and reads until the connection ends.
std::string Exchange(int port, const std::string& bytes);

// Whether a TLS handshake succeeds with this client certificate, if the client offers at most this
// version (an OpenSSL constant such as TLS1_1_VERSION).
bool Handshakes(int port, int version, const Identity& client);

// Whether a second TLS handshake of this version resumes the session of the first.
bool Resumes(int port, int version, const Identity& client);

}  // namespace gateway::security

#endif  // TESTS_SECURITY_RAW_TCP_H_
