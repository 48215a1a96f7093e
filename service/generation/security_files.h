// The files by which rights are withdrawn: the policy, the key set of tokens, and the authorities
// that sign clients' certificates. A changed one takes effect for itself, whatever else has changed
// and is refused: a withdrawal waits for nothing.
//
// Those named by the configuration in force are meant. Other names are a matter of the whole
// configuration (see reloader.h).
//
// Thread-safety: Reload belongs to one thread; the counters may be read from any.
// Lifetime: what it is given outlives it.
#ifndef SERVICE_GENERATION_SECURITY_FILES_H_
#define SERVICE_GENERATION_SECURITY_FILES_H_

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "service/authorization/authorizer.h"
#include "service/config/config.h"
#include "service/generation/tls_files.h"

namespace gateway {

class SecurityFiles {
 public:
  // `tls` null: plain text.
  SecurityFiles(authorization::Authorizer& authorizer, TlsSlot* tls)
      : authorizer_(authorizer), tls_(tls) {}

  // Puts in force what the files hold now. The first time, that is what is in force already.
  void Reload(const Config& config);

  // One of the files, as it was looked at last.
  struct Part {
    const char* name;
    std::optional<std::string> seen = {};
    std::atomic<bool> refused{false};
  };
  const Part& policy() const { return policy_; }
  const Part& keys() const { return keys_; }
  const Part& client_ca() const { return client_ca_; }

 private:
  void Reload(Part& part, const std::string& file,
              const std::function<absl::Status(const std::string& text)>& apply);
  absl::Status ApplyClientCa(const std::string& text);

  authorization::Authorizer& authorizer_;
  TlsSlot* const tls_;
  Part policy_{"policy"};
  Part keys_{"keys"};
  Part client_ca_{"client_ca"};
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_SECURITY_FILES_H_
