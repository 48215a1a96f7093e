// The files by which rights are withdrawn: the policy, the key set of tokens, and the authorities
// that sign clients' certificates. When a change is refused as a whole, each of these takes effect
// by itself all the same: a withdrawal must not wait until somebody mends another file.
//
// Only the files named by the configuration in force count. Other names are a matter of the whole
// configuration (see reloader.h).
//
// Thread-safety: the counters may be read from any thread, the rest belongs to one.
#ifndef SERVICE_GENERATION_SECURITY_FILES_H_
#define SERVICE_GENERATION_SECURITY_FILES_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "service/generation/generation.h"
#include "upstream/mapping/route.h"

namespace gateway {

class SecurityFiles {
 public:
  // Whether what one of the files holds is refused at present.
  struct Part {
    const char* name;
    std::atomic<bool> refused{false};
  };

  // `present` with what these files hold now, each where it is good; `present` itself where none
  // has changed. Logs which files are taken and which refused.
  std::shared_ptr<const Generation> Withdraw(const std::shared_ptr<const Generation>& present,
                                             const mapping::RouteTable& routes);

  // A whole generation was loaded, so all of the files are good.
  void AllGood();

  const Part& policy() const { return policy_; }
  const Part& keys() const { return keys_; }
  const Part& client_ca() const { return client_ca_; }

 private:
  // Returns whether the file is taken.
  static bool Note(Part& part, const std::string& file, bool changed, const absl::Status& status);

  Part policy_{"policy"};
  Part keys_{"keys"};
  Part client_ca_{"client_ca"};
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_SECURITY_FILES_H_
