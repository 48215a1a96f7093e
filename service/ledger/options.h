// What both stores are told.
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
  // Required. May be given other keys while the ledger is in use.
  std::shared_ptr<ReplyCipher> cipher;

  // An ended entry keeps its reply for keep_reply, then its fingerprint and outcome alone until
  // keep_entry is over. Both count from the moment at which it ended. UNKNOWN never ends by itself.
  absl::Duration keep_reply = absl::Hours(24 * 30);
  absl::Duration keep_entry = absl::Hours(24 * 365);
  // How often the store looks for entries whose time is over, and how many it takes at a time.
  absl::Duration tend_every = absl::Seconds(10);
  size_t tend_batch = 200;

  // A longer reply is not kept: its repetition says DONE without a body.
  size_t max_reply_bytes = size_t{1} << 20;
  // Operations that wait at most; more are refused as UNAVAILABLE. Results are never refused.
  size_t max_queued = 10'000;

  // The pause after the first look at an UNKNOWN. It doubles with each look, up to max_pause.
  absl::Duration first_pause = absl::Seconds(5);
  absl::Duration max_pause = absl::Hours(1);

  // The wall clock; PostgreSQL uses the database's in its place.
  std::function<absl::Time()> now = [] { return absl::Now(); };

  // Told of what an operator should know: what happened, and why. On a thread of the ledger.
  std::function<void(absl::string_view event, absl::string_view reason)> on_event;

  // For tests: called on the store's thread when it passes a point.
  std::function<void(absl::string_view point)> at_point;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_OPTIONS_H_
