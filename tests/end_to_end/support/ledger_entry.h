// The ledger's entry of a write that was called with a key.
#ifndef TESTS_END_TO_END_SUPPORT_LEDGER_ENTRY_H_
#define TESTS_END_TO_END_SUPPORT_LEDGER_ENTRY_H_

#include <functional>

#include "gateway/ledger/v1/ledger.pb.h"
#include "tests/end_to_end/support/caller.h"

namespace gateway::end_to_end {

// Reads the entry that the write's answer names until `wanted` holds, for 90 seconds at most.
// Returns the entry as last read; the caller must check that `wanted` holds.
ledger::v1::Entry AwaitEntry(Caller& caller, const Answer& write,
                             const std::function<bool(const ledger::v1::Entry&)>& wanted);

// Returns the entry once it is no longer UNKNOWN. Adds a test failure if it is UNKNOWN after 90
// seconds.
ledger::v1::Entry EntryInTheEnd(Caller& caller, const Answer& write);

// Waits until the entry's note contains `reason`. Adds a test failure if that takes longer than 90
// seconds, or if the entry is not UNKNOWN.
void AwaitUnknown(Caller& caller, const Answer& write, const std::string& reason);

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_LEDGER_ENTRY_H_
