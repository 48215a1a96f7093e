// Measures the cost of the SQLite ledger alone: writes of a claim and its result, IN_FLIGHT of them
// at a time.
//
//   ledger_store FOLDER WRITES IN_FLIGHT [REPLY_BYTES]
//
// The ledger's own folder is made in FOLDER: on a disk, or in memory (/dev/shm) to measure without
// the disk. Prints, for each of three rounds: writes per second, processor time per write, and
// operations per commit.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/ledger/sqlite/ledger.h"

namespace gateway::ledger {
namespace {

using Clock = std::chrono::steady_clock;

double ProcessorSeconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Makes `writes` writes, and begins the next when one ends. Make() returns false if a write failed.
class Round {
 public:
  Round(SqliteLedger& ledger, int writes, size_t reply_bytes)
      : ledger_(ledger), writes_(writes), reply_(reply_bytes, 'r') {}

  bool Make(int in_flight) {
    for (int i = 0; i < in_flight; ++i) Next();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_ == writes_; });
    return failed_ == 0;
  }

 private:
  void Next() {
    const int number = begun_++;
    if (number >= writes_) return;
    ledger_.Claim({.scope = {"caller", "paynow", "411486491630370816", "OrdersService/RefundOrder",
                             absl::StrCat(Clock::now().time_since_epoch().count(), "-", number)},
                   .fingerprint = std::string(33, 'f'),
                   .time_left = absl::Seconds(30)},
                  [this](const absl::StatusOr<ClaimAnswer>& answer) {
                    if (!answer.ok()) return End(false);
                    Settlement done{Settlement::kDone};
                    if (!reply_.empty()) done.reply = reply_;
                    ledger_.Settle({answer->entry.id, answer->entry.attempt}, std::move(done),
                                   [this](const absl::StatusOr<Entry>& entry) { End(entry.ok()); });
                  });
  }

  void End(bool good) {
    Next();
    const std::lock_guard lock(mutex_);
    failed_ += good ? 0 : 1;
    if (++ended_ == writes_) changed_.notify_all();
  }

  SqliteLedger& ledger_;
  const int writes_;
  const std::string reply_;
  std::atomic<int> begun_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  int ended_ = 0;
  int failed_ = 0;
};

int Main(int argc, char** argv) {
  int writes = 0;
  int in_flight = 0;
  int reply_bytes = 0;
  if (argc < 4 || argc > 5 || !absl::SimpleAtoi(argv[2], &writes) ||
      !absl::SimpleAtoi(argv[3], &in_flight) ||
      (argc == 5 && !absl::SimpleAtoi(argv[4], &reply_bytes))) {
    std::fputs("ledger_store FOLDER WRITES IN_FLIGHT [REPLY_BYTES]\n", stderr);
    return 2;
  }
  SqliteOptions options;
  options.common.cipher = *ReplyCipher::Create(std::string(ReplyCipher::kKeyBytes, 'k'), "");
  options.file = absl::StrCat(argv[1], "/ledger/ledger.db");
  const auto ledger = SqliteLedger::Open(options);
  if (!ledger.ok()) {
    std::fprintf(stderr, "%s\n", std::string(ledger.status().message()).c_str());
    return 1;
  }
  for (int i = 0; i < 3; ++i) {
    const LedgerStats before = (*ledger)->stats();
    const double processor = ProcessorSeconds();
    const Clock::time_point begun = Clock::now();
    if (!Round(**ledger, writes, static_cast<size_t>(reply_bytes)).Make(in_flight)) return 1;
    const double took = std::chrono::duration<double>(Clock::now() - begun).count();
    const double used = ProcessorSeconds() - processor;
    const LedgerStats after = (*ledger)->stats();
    std::printf(
        "%.0f writes a second, %.1f us of processor time for each, %.1f operations a commit\n",
        writes / took, used / writes * 1e6,
        static_cast<double>(after.operations_committed - before.operations_committed) /
            static_cast<double>(after.commits - before.commits));
  }
  return 0;
}

}  // namespace
}  // namespace gateway::ledger

int main(int argc, char** argv) { return gateway::ledger::Main(argc, argv); }
