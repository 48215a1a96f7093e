// One request over TLS to a local port, with OpenSSL by hand.
//
//   const TlsAnswer answer = ExchangeOverTls(port, authority.file(), "POST / ...");
//
// Thread-safety: pure functions.
#ifndef TESTS_SERVICE_TLS_EXCHANGE_H_
#define TESTS_SERVICE_TLS_EXCHANGE_H_

#include <string>

namespace gateway {

struct TlsAnswer {
  bool handshake = false;   // succeeded, and the authority signs for 127.0.0.1
  std::string text;         // until the end of the connection
  std::string certificate;  // of the server, in PEM
};

// `most_version`: such as TLS1_1_VERSION; 0: OpenSSL's newest.
TlsAnswer ExchangeOverTls(int port, const std::string& authority_file, const std::string& request,
                          int most_version = 0);

}  // namespace gateway

#endif  // TESTS_SERVICE_TLS_EXCHANGE_H_
