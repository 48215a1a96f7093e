// The files that can withdraw rights: the policy, the key set of tokens, and the authorities that
// sign clients' certificates. If a change is refused as a whole, each of these still takes effect
// by itself: a withdrawal must not wait until somebody repairs another file.
//
// Only the files that the configuration in force names count. A changed file name takes effect only
// with the whole configuration (see reloader.h).
//
// Thread-safety: the parts may be read from any thread; all else belongs to one thread.
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
  // One of the files. `refused`: its present content is refused.
  struct Part {
    const char* name;
    std::atomic<bool> refused{false};
  };

  // Returns a copy of `present` with the present content of those files that changed and are valid,
  // or `present` itself if there are none. Logs which files are taken and which are refused.
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
