#include "tests/end_to_end/support/ledger_entry.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/time/clock.h"

namespace gateway::end_to_end {
namespace {

using ledger::v1::Entry;

// The pause between two reads of an entry, to limit the load.
constexpr absl::Duration kPause = absl::Milliseconds(100);

}  // namespace

Entry AwaitEntry(Caller& caller, const Answer& write,
                 const std::function<bool(const Entry&)>& wanted) {
  const auto id = write.trailers.find("gateway-ledger-entry");
  EXPECT_NE(id, write.trailers.end()) << write.status.error_message();
  Entry shown;
  if (id == write.trailers.end()) return shown;
  ledger::v1::GetEntryRequest request;
  request.set_id(id->second);
  const absl::Time give_up = absl::Now() + absl::Seconds(90);
  while (true) {
    const Answer found = caller.CallWith("/gateway.ledger.v1.LedgerService/GetEntry",
                                         request.SerializeAsString(), {});
    EXPECT_TRUE(found.status.ok()) << found.status.error_message();
    if (!found.status.ok() || !shown.ParseFromString(found.message)) return shown;
    if (wanted(shown) || absl::Now() >= give_up) return shown;
    absl::SleepFor(kPause);
  }
}

Entry EntryInTheEnd(Caller& caller, const Answer& write) {
  const auto is_known = [](const Entry& entry) {
    return entry.state() != ledger::v1::STATE_UNKNOWN;
  };
  Entry entry = AwaitEntry(caller, write, is_known);
  EXPECT_TRUE(is_known(entry)) << entry.DebugString();
  return entry;
}

void AwaitUnknown(Caller& caller, const Answer& write, const std::string& reason) {
  const Entry entry = AwaitEntry(caller, write, [&](const Entry& now) {
    return now.state() != ledger::v1::STATE_UNKNOWN || absl::StrContains(now.note(), reason);
  });
  EXPECT_EQ(entry.state(), ledger::v1::STATE_UNKNOWN) << entry.DebugString();
  EXPECT_TRUE(absl::StrContains(entry.note(), reason)) << entry.DebugString();
}

}  // namespace gateway::end_to_end
