// How many entries a reconciler takes at a time.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "service/reconcile/reconciler.h"
#include "upstream/mapping/descriptors.h"

namespace gateway {
namespace {

using ledger::Done;
using ledger::Entry;

// A ledger that has due entries without end. The first question is answered with `first` of them,
// and their looks do not end before EndLooks.
class BusyLedger final : public ledger::Ledger {
 public:
  explicit BusyLedger(size_t first) : first_(first) {}

  // Waits for the question of this number, from 1, and returns its limit.
  size_t AwaitLimit(size_t number) {
    const MutexLock lock(mutex_);
    while (limits_.size() < number) changed_.Wait(mutex_);
    return limits_[number - 1];
  }

  // Ends all looks, and from now on every look at once.
  void EndLooks() {
    std::vector<Done<Entry>> looks;
    {
      const MutexLock lock(mutex_);
      ends_looks_ = true;
      looks.swap(looks_);
    }
    for (Done<Entry>& done : looks) done(Gone());
  }

  void Take(ledger::TakeRequest request, Done<std::vector<Entry>> done) override {
    size_t count = 0;
    {
      const MutexLock lock(mutex_);
      if (limits_.empty()) count = first_;
      limits_.push_back(request.limit);
      changed_.NotifyAll();
    }
    std::vector<Entry> entries(std::min(count, request.limit));
    for (Entry& entry : entries) entry.id = *ledger::EntryId::Make(absl::Now());
    done(std::move(entries));
  }
  void Postpone(ledger::Postponement, Done<Entry> done) override {
    {
      const MutexLock lock(mutex_);
      if (!ends_looks_) return looks_.push_back(std::move(done));
    }
    done(Gone());
  }
  void Claim(ledger::ClaimRequest, Done<ledger::ClaimAnswer> done) override { done(Gone()); }
  void Settle(ledger::Holding, ledger::Settlement, Done<Entry> done) override { done(Gone()); }
  void KeepBefore(ledger::Holding, std::string, Done<Entry> done) override { done(Gone()); }
  void Find(ledger::EntryId, Done<Entry> done) override { done(Gone()); }
  void FindKey(ledger::Scope, Done<Entry> done) override { done(Gone()); }
  void List(ledger::ListRequest, Done<ledger::ListPage> done) override { done(Gone()); }
  void Resolve(ledger::Resolution, Done<Entry> done) override { done(Gone()); }
  ledger::WaitId Wait(ledger::EntryId, Done<Entry> done) override {
    done(Gone());
    return 1;
  }
  void CancelWait(ledger::WaitId) override {}
  void Tend(Done<int64_t> done) override { done(Gone()); }
  ledger::LedgerStats stats() const override { return {}; }

 private:
  static absl::Status Gone() { return absl::UnavailableError("the disk is gone"); }

  const size_t first_;
  Mutex mutex_;
  CondVar changed_;
  bool ends_looks_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<size_t> limits_ ABSL_GUARDED_BY(mutex_);
  std::vector<Done<Entry>> looks_ ABSL_GUARDED_BY(mutex_);
};

class NoRenewal final : public KeyRenewal {
 public:
  void Renew(const Upstream&, std::shared_ptr<const Credentials>, Done) override {}
};

TEST(MostLooksTest, OnlyAsManyAreTakenAsThereIsRoomFor) {
  const auto routes = mapping::RouteTable::Compile(mapping::EmbeddedFiles());
  ASSERT_TRUE(routes.ok()) << routes.status();
  NoRenewal renewal;
  const ReadBack read_back(**routes, renewal);
  const Slot<Generation> in_force(std::make_shared<const Generation>());
  BusyLedger ledger(/*first=*/3);
  Reconciler reconciler(ledger, read_back, in_force,
                        {.every = absl::Milliseconds(1), .most_looks = 4});
  EXPECT_EQ(ledger.AwaitLimit(1), 4u);
  EXPECT_EQ(ledger.AwaitLimit(2), 1u) << "three looks are under way";
  ledger.EndLooks();
}

}  // namespace
}  // namespace gateway
