// Watches the configuration and the files that it names, and puts changes in force while the
// gateway serves.
//
// A change is loaded whole, as one generation, or refused whole with a line in the log; then
// everything stays as it was. There is one exception: files that withdraw rights take effect by
// themselves when the rest of a change is refused (see security_files.h). Files that change while
// they are read are read again, so that a generation holds the files of one moment.
//
// The reloader also looks for changes when an upstream refuses a key (KeyRenewal): the call is made
// again with a newer key only if the change as a whole is accepted.
//
// Thread-safety: Renew and the counters may be used from any thread. Reads files and calls `on_set`
// on a thread of its own. Lifetime: the destructor stops the thread; calls that still wait for a
// newer key then get no answer. The constructor's arguments must outlive it.
#ifndef SERVICE_GENERATION_RELOADER_H_
#define SERVICE_GENERATION_RELOADER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "service/generation/file_watch.h"
#include "service/generation/generation.h"
#include "service/generation/protos.h"
#include "service/generation/security_files.h"
#include "service/generation/slot.h"
#include "upstream/credentials.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway {

class Reloader final : public KeyRenewal {
 public:
  // Outcomes of looking at changed files.
  struct Counters {
    std::atomic<uint64_t> applied{0};
    std::atomic<uint64_t> refused{0};
  };

  // A hash of the text of the configuration and of the files that it names. If two fingerprints are
  // equal, no file has changed.
  static size_t Fingerprint(const Config& config);

  // `fingerprint` was taken before the files of the generation in force were read, so that no
  // change since then is missed. `on_set` is called with each generation that is put in force. A
  // configuration that comes from no file is not watched, and its files are read again only when a
  // key is refused.
  Reloader(Slot<Generation>& in_force, size_t fingerprint, const Protos& protos,
           std::function<void(const Generation&)> on_set);
  ~Reloader();
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  // Looks for changes if `refused` is still in force, but at most once a second, no matter how many
  // calls ask. `done` then gets the keys in force. Without a look, `done` gets them at once.
  void Renew(const Upstream& upstream, std::shared_ptr<const Credentials> refused,
             Done done) override;

  const Counters& counters() const { return counters_; }
  const SecurityFiles& security_files() const { return security_files_; }

 private:
  struct Question {
    const Upstream* upstream;  // only compared
    Done done;
  };

  void Run();
  bool Watch();
  bool Asked();
  void LookForChanges();
  void Accept(std::shared_ptr<const Generation> next);
  void Refuse(const std::shared_ptr<const Generation>& present, const absl::Status& reason);
  void Set(std::shared_ptr<const Generation> next);
  void Answer();
  std::shared_ptr<const Credentials> KeysInForce(const Upstream& upstream) const;

  Slot<Generation>& in_force_;
  const Protos& protos_;
  const std::function<void(const Generation&)> on_set_;
  Counters counters_;
  SecurityFiles security_files_;
  // Used by the thread only.
  size_t seen_;   // fingerprint of the files that were accepted or refused last
  int torn_ = 0;  // times in a row that files changed while they were read
  Mutex mutex_;
  std::vector<Question> questions_ ABSL_GUARDED_BY(mutex_);
  SteadyTime asked_ ABSL_GUARDED_BY(mutex_) = SteadyTime::InfinitePast();
  FileWatch watch_;
  std::thread thread_;  // last: uses the members above
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_RELOADER_H_
