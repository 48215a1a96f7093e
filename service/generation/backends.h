// The backends of all upstreams, and their exchange for others when the configuration or the keys
// change.
//
// Thread-safety: Find and what it returns may be used from any thread; the rest belongs to one
// thread at a time. Lifetime: outlives the calls.
#ifndef SERVICE_GENERATION_BACKENDS_H_
#define SERVICE_GENERATION_BACKENDS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "service/generation/backend.h"
#include "upstream/upstream.h"

namespace gateway {

class Backends {
 public:
  // Errors name file and key.
  static absl::StatusOr<std::unique_ptr<Backends>> Create(const Config& config);

  // Null where the configuration has no such upstream.
  const BackendSlot* Find(const std::string& upstream) const;

  // From now on as `config` has it, and with the keys as they are now; calls that are under way end
  // as they began. All or nothing: after an error the backends are as before. INVALID_ARGUMENT for
  // a change that only a new process can make.
  absl::Status Apply(const Config& config);

  // Lets go of clients that no call uses any more. Waits for their threads.
  void Reap();

 private:
  struct Entry {
    Entry(Backend backend, http::Options pool, std::shared_ptr<UpstreamCounters> counters)
        : pool(std::move(pool)),
          counters(std::move(counters)),
          client(backend.client),
          slot(std::move(backend)) {}

    http::Options pool;  // the client's, with what its files held
    std::shared_ptr<UpstreamCounters> counters;
    std::shared_ptr<Client> client;  // the slot's
    BackendSlot slot;
  };
  // What Apply is about to put in force.
  struct Change {
    std::shared_ptr<Client> client;            // null: the present one goes on
    http::Options pool;                        // the client's
    std::unique_ptr<Credentials> credentials;  // for the one that goes on
  };

  explicit Backends(const Config& config) : config_(config) {}
  absl::StatusOr<Change> Prepare(const std::string& name, const UpstreamConfig& upstream) const;

  Config config_;  // in force
  std::map<std::string, Entry> entries_;
  std::vector<std::shared_ptr<Client>> retired_;
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_BACKENDS_H_
