// Finds facts that no event has reported (see FactOf): reads a provider's API, list by list and
// store by store, and appends an event for each fact that the log does not have.
//
//   at each sweep, for each store and each fact:
//     read a page -> its items -> their objects -> older than `settle`? -> Append, kSweep
//     pause -> read the next page -> ... until a page is empty
//
// The log decides, in one transaction, whether it has an event of the fact (EventLog::Append). So
// there is only one event, whether the delivery or the sweep comes first. A fact is appended only
// when it is older than `settle`: before that, the provider's own event is usually on its way.
//
// Memory: one page. A sweep of a list begins behind the last item that is older than `look_back`.
// This place is kept in memory only: the first sweep of a process begins with the first item.
//
// Thread-safety: the counters may be read from any thread. It has a thread of its own. Lifetime:
// `facts` and `log` must outlive the sweeper. The destructor cancels the page that is being read,
// and waits for the thread.
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

  // Sends `request`, a serialized request of `list.page`, and waits. Returns the serialized reply.
  // The message of an error shows nothing of the reply.
  virtual absl::StatusOr<std::string> Read(const mapping::PagedList& list,
                                           const std::string& request) = 0;
  // Ends the Read that is under way, and every later one, with an error.
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

  // After Stop no further page is read. Does not block.
  void Stop();

  const std::string& provider() const { return options_.provider; }
  uint64_t pages() const { return pages_; }
  uint64_t found() const { return found_; }  // events that were appended
  // How many lists, of one store each, were read to their end, and how many were not.
  uint64_t sweeps() const { return sweeps_; }
  uint64_t failed() const { return failed_; }

 private:
  void Run();
  bool Pause(absl::Duration pause);  // returns false if Stop was called
  bool stopping() const;
  absl::Status Sweep(const std::string& store, const webhooks::Fact& fact);
  // Returns the id of the last item of the page; "" if the page is empty: the list has ended.
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
  // Used by thread_ only: by store and type, the id of the last item that is older than
  // `look_back`.
  std::map<std::pair<std::string, std::string>, std::string> begin_;

  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses the members above
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_SWEEP_SWEEPER_H_
