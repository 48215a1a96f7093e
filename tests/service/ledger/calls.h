// Blocking versions of the ledger's functions, for a test's thread.
//
//   const ClaimAnswer answer = Claim(ledger, "key").value();
//   EXPECT_EQ(Settle(ledger, answer, {Settlement::kDone, "reply"})->state, State::kDone);
#ifndef TESTS_SERVICE_LEDGER_CALLS_H_
#define TESTS_SERVICE_LEDGER_CALLS_H_

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "service/ledger/ledger.h"
#include "service/ledger/options.h"

namespace gateway::ledger {

// Waits for one answer: callback() returns the callback that receives it, and Get() returns it.
template <typename T>
class Answered {
 public:
  Done<T> callback() {
    return
        [promise = promise_](absl::StatusOr<T> result) { promise->set_value(std::move(result)); };
  }
  absl::StatusOr<T> Get() { return future_.get(); }
  // Whether the answer has arrived already.
  bool IsThere() const {
    return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

 private:
  std::shared_ptr<std::promise<absl::StatusOr<T>>> promise_ =
      std::make_shared<std::promise<absl::StatusOr<T>>>();
  std::future<absl::StatusOr<T>> future_ = promise_->get_future();
};

inline Scope ScopeOf(const std::string& key) {
  return {"shop", "paynow", "411486491630370816", "OrdersService/RefundOrder", key};
}

inline ClaimRequest RequestOf(const std::string& key, const std::string& fingerprint = "print",
                              const std::string& guard = "") {
  return {.scope = ScopeOf(key),
          .fingerprint = fingerprint,
          .guard = guard,
          .time_left = absl::Seconds(30)};
}

inline absl::StatusOr<ClaimAnswer> Claim(Ledger& ledger, ClaimRequest request) {
  Answered<ClaimAnswer> answered;
  ledger.Claim(std::move(request), answered.callback());
  return answered.Get();
}

inline absl::StatusOr<ClaimAnswer> Claim(Ledger& ledger, const std::string& key,
                                         const std::string& fingerprint = "print",
                                         const std::string& guard = "") {
  return Claim(ledger, RequestOf(key, fingerprint, guard));
}

inline Holding HoldingOf(const ClaimAnswer& answer) {
  return {answer.entry.id, answer.entry.attempt};
}

inline absl::StatusOr<Entry> Settle(Ledger& ledger, const ClaimAnswer& claimed,
                                    Settlement settlement) {
  Answered<Entry> answered;
  ledger.Settle(HoldingOf(claimed), std::move(settlement), answered.callback());
  return answered.Get();
}

inline absl::StatusOr<Entry> KeepBefore(Ledger& ledger, const ClaimAnswer& claimed,
                                        const std::string& before) {
  Answered<Entry> answered;
  ledger.KeepBefore(HoldingOf(claimed), before, answered.callback());
  return answered.Get();
}

inline absl::StatusOr<Entry> Find(Ledger& ledger, const EntryId& id) {
  Answered<Entry> answered;
  ledger.Find(id, answered.callback());
  return answered.Get();
}

inline absl::StatusOr<Entry> FindKey(Ledger& ledger, const std::string& key) {
  Answered<Entry> answered;
  ledger.FindKey(ScopeOf(key), answered.callback());
  return answered.Get();
}

inline absl::StatusOr<ListPage> List(Ledger& ledger, ListRequest request) {
  Answered<ListPage> answered;
  ledger.List(std::move(request), answered.callback());
  return answered.Get();
}

inline absl::StatusOr<Entry> Resolve(Ledger& ledger, Resolution resolution) {
  Answered<Entry> answered;
  ledger.Resolve(std::move(resolution), answered.callback());
  return answered.Get();
}

inline absl::StatusOr<std::vector<Entry>> Take(Ledger& ledger, TakeRequest request) {
  Answered<std::vector<Entry>> answered;
  ledger.Take(std::move(request), answered.callback());
  return answered.Get();
}

inline absl::StatusOr<Entry> Postpone(Ledger& ledger, Postponement postponement) {
  Answered<Entry> answered;
  ledger.Postpone(std::move(postponement), answered.callback());
  return answered.Get();
}

inline absl::StatusOr<int64_t> Tend(Ledger& ledger) {
  Answered<int64_t> answered;
  ledger.Tend(answered.callback());
  return answered.Get();
}

inline std::shared_ptr<ReplyCipher> TestCipher(char key = 'k') {
  return ReplyCipher::Create(std::string(ReplyCipher::kKeyBytes, key)).value();
}

inline Options TestOptions() {
  Options options;
  options.cipher = TestCipher();
  // No automatic tending: the test triggers it.
  options.tend_every = absl::Hours(1);
  return options;
}

}  // namespace gateway::ledger

#endif  // TESTS_SERVICE_LEDGER_CALLS_H_
