// Watches the configuration and the files of its keys, and puts changes in force while the gateway
// serves.
//
// A change is taken whole or not at all: one that cannot be read, is wrong, or would need a restart
// is refused with a line in the log, and everything stays as it was. Except what withdraws rights:
// that is looked at first, and takes effect for itself (see security_files.h).
//
// Thread-safety: has one thread, on which `apply` runs. Lifetime: the destructor stops the thread;
// what `apply` uses must outlive it.
#ifndef SERVICE_GENERATION_RELOADER_H_
#define SERVICE_GENERATION_RELOADER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "service/config/config.h"
#include "service/generation/file_watch.h"

namespace gateway {

// Outcomes of looking at changed files.
struct ReloadCounters {
  std::atomic<uint64_t> applied{0};
  std::atomic<uint64_t> refused{0};
};

class Reloader {
 public:
  // Puts a configuration in force, with the keys as they are, or says why not.
  using Apply = std::function<absl::Status(const Config&)>;

  // Puts in force what withdraws rights, by the configuration in force.
  using Withdraw = std::function<void(const Config&)>;

  // What the files hold that this configuration comes from and names.
  static size_t Fingerprint(const Config& config);

  // `config` is in force; `fingerprint` was taken before its keys were read, so that no change
  // since then is missed. `tick` runs after each look at the files, at least every ten seconds.
  Reloader(const Config& config, size_t fingerprint, Withdraw withdraw, Apply apply,
           std::function<void()> tick, ReloadCounters& counters);
  ~Reloader();
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

 private:
  void Run();
  void LookForChanges();
  absl::Status Reload(const std::optional<std::string>& text);

  Config config_;  // in force
  const Withdraw withdraw_;
  const Apply apply_;
  const std::function<void()> tick_;
  ReloadCounters& counters_;
  size_t seen_;  // the fingerprint of what is in force, or was refused last
  FileWatch watch_;
  std::thread thread_;  // last
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_RELOADER_H_
