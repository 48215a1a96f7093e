// What an outgoing connection needs beside its address: secrets, certificates and a proxy, each as
// the configuration names it.
#ifndef SERVICE_CONFIG_CONNECTION_CONFIG_H_
#define SERVICE_CONFIG_CONNECTION_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/config/config_reader.h"

namespace gateway {

// Where a key or a secret comes from: a file or an environment variable, never the configuration
// itself.
struct KeySource {
  std::string file;
  std::string env;

  bool operator==(const KeySource&) const = default;
  bool empty() const { return file.empty() && env.empty(); }
};

// Files in PEM form.
struct UpstreamTlsFiles {
  std::string ca_file;           // empty: the system's authorities
  std::string certificate_file;  // empty: no certificate of our own
  std::string key_file;

  bool operator==(const UpstreamTlsFiles&) const = default;
};

struct ProxyConfig {
  std::string url;  // empty: no proxy
  std::string user;
  std::string password_file;

  bool operator==(const ProxyConfig&) const = default;
};

// Each reads a part of a section; errors go to the reader. `what`: what the source holds, "key".
// `whom`: who is at the other end, "this upstream".
KeySource ReadKeySource(ConfigReader::Section& section, absl::string_view what);
void ReadAuthorities(ConfigReader::Section& section, UpstreamTlsFiles& tls);
void ReadClientCertificate(ConfigReader::Section& parent, absl::string_view whom,
                           UpstreamTlsFiles& tls);
void ReadProxy(ConfigReader::Section& parent, absl::string_view whom, ProxyConfig& proxy);

// Returns the key without trailing line ends. NOT_FOUND if the file or variable is missing,
// INVALID_ARGUMENT if its content cannot be the value of a header. The message begins with "file"
// or "env" and never shows the key. It shows the source's name only if this looks like a path or a
// variable: somebody may have put the key itself there.
absl::StatusOr<std::string> ReadKey(const KeySource& source);

}  // namespace gateway

#endif  // SERVICE_CONFIG_CONNECTION_CONFIG_H_
