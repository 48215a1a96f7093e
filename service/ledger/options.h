// The options of both stores.
#ifndef SERVICE_LEDGER_OPTIONS_H_
#define SERVICE_LEDGER_OPTIONS_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/ledger/reply_cipher.h"

namespace gateway::ledger {

struct Options {
  // Required. Its keys may be replaced while the ledger is in use.
  std::shared_ptr<ReplyCipher> cipher;

  // An ended entry keeps its reply for keep_reply. From then until keep_entry is over it keeps only
  // its fingerprint and outcome. Both times count from the moment at which it ended. UNKNOWN never
  // ends by itself.
  absl::Duration keep_reply = absl::Hours(24 * 30);
  absl::Duration keep_entry = absl::Hours(24 * 365);
  // How often the store looks for entries whose time is over, and how many it takes at a time.
  absl::Duration tend_every = absl::Seconds(10);
  size_t tend_batch = 200;

  // A longer reply is not kept: a repeated call is answered DONE, without a body.
  size_t max_reply_bytes = size_t{1} << 20;
  // How many operations may wait. More are refused as UNAVAILABLE, except results.
  size_t max_queued = 10'000;

  // The pause after the first look at an UNKNOWN entry. It doubles with each look, up to max_pause.
  absl::Duration first_pause = absl::Seconds(5);
  absl::Duration max_pause = absl::Hours(1);

  // The wall clock. PostgreSQL uses the database's clock instead.
  std::function<absl::Time()> now = [] { return absl::Now(); };

  // Called on a thread of the ledger with what an operator should know: what happened, and why.
  std::function<void(absl::string_view event, absl::string_view reason)> on_event;

  // For tests: called on the store's thread at named points.
  std::function<void(absl::string_view point)> at_point;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_OPTIONS_H_
