// Finds what no event told of: reads a provider's API, list by list and store by store, and appends
// an event for each fact that happened and that no event of the log tells.
//
//   every so often: for each store, for each fact
//     page -> items -> objects -> happened, and settled -> Append, with the origin SWEEP
//          -> a pause -> the page behind it -> ... -> none
//
// The log decides, in one transaction, whether an event has told of the fact (EventLog::Append): so
// nobody gets a second one, whichever of the two comes first. It is asked only when the fact is
// older than `settle`, since the provider's own event is usually on its way.
//
// Memory: a page. Where a sweep begins is the last item that is older than `look_back`; it is kept
// in memory, and found anew by the first sweep of a process, which reads from the beginning.
//
// Thread-safety: the counters may be read from any thread. It has a thread of its own. Lifetime:
// what the constructor is given outlives it. The destructor waits for the page that is being read,
// which it cancels.
#ifndef SERVICE_EVENTS_SWEEP_SWEEPER_H_
#define SERVICE_EVENTS_SWEEP_SWEEPER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/events/event_log.h"
#include "service/ledger/reply_cipher.h"
#include "upstream/mapping/paged_list.h"
#include "upstream/mutex.h"
#include "upstream/webhooks/facts.h"

namespace gateway::events {

// Reads one page after the other. Thread-safety: Cancel may be called from any thread.
class PageReader {
 public:
  virtual ~PageReader() = default;

  // The reply to the request of `list.page`, serialized; waits for it. An error names no data.
  virtual absl::StatusOr<std::string> Read(const mapping::PagedList& list,
                                           const std::string& request) = 0;
  // Ends what is being read, and all that will be.
  virtual void Cancel() = 0;
};

struct SweepOptions {
  std::string provider;
  std::vector<std::string> stores;
  absl::Duration every = absl::Minutes(15);  // from the end of a sweep to the next
  absl::Duration settle = absl::Minutes(15);
  absl::Duration look_back = absl::Hours(24 * 7);
  absl::Duration between_pages = absl::Seconds(2);
  std::function<absl::Time()> now = [] { return absl::Now(); };
};

class Sweeper {
 public:
  Sweeper(SweepOptions options, const std::vector<webhooks::Fact>& facts, EventLog& log,
          std::shared_ptr<ledger::ReplyCipher> cipher, std::unique_ptr<PageReader> reader);
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  // Nothing is begun from here on. Does not block.
  void Stop();

  const std::string& provider() const { return options_.provider; }
  uint64_t pages() const { return pages_; }
  uint64_t found() const { return found_; }    // events that were appended
  uint64_t sweeps() const { return sweeps_; }  // that came to their end
  uint64_t failed() const { return failed_; }  // that did not

 private:
  void Run();
  bool Pause(absl::Duration pause);  // false: it is over
  bool stopping() const;
  absl::Status Sweep(const std::string& store, const webhooks::Fact& fact);
  // The id of the last item of the page; "": the list is at its end.
  absl::StatusOr<std::string> SweepPage(const std::string& store, const webhooks::Fact& fact,
                                        const mapping::PageRequests& requests,
                                        const std::string& after);
  absl::Status Offer(const std::string& store, const webhooks::Fact& fact,
                     const webhooks::ShownItem& item, const webhooks::ShownObject& object);

  const SweepOptions options_;
  const std::vector<webhooks::Fact>& facts_;
  EventLog& log_;
  const std::shared_ptr<ledger::ReplyCipher> cipher_;
  const std::unique_ptr<PageReader> reader_;
  std::atomic<uint64_t> pages_{0};
  std::atomic<uint64_t> found_{0};
  std::atomic<uint64_t> sweeps_{0};
  std::atomic<uint64_t> failed_{0};
  // The thread's own: by store and type, the last item that no later sweep has to look at.
  std::map<std::pair<std::string, std::string>, std::string> begin_;

  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_SWEEP_SWEEPER_H_
