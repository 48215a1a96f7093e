// The ledger's entry of a write that was called with a key.
#ifndef TESTS_END_TO_END_SUPPORT_LEDGER_ENTRY_H_
#define TESTS_END_TO_END_SUPPORT_LEDGER_ENTRY_H_

#include <functional>

#include "gateway/ledger/v1/ledger.pb.h"
#include "tests/end_to_end/support/caller.h"

namespace gateway::end_to_end {

// Shows the entry that the write's answer names until it is as wanted, for 90 seconds at most.
// Whoever calls must check that it is.
ledger::v1::Entry AwaitEntry(Caller& caller, const Answer& write,
                             const std::function<bool(const ledger::v1::Entry&)>& wanted);

// The entry as soon as it is not UNKNOWN. Adds a test failure if it stays so.
ledger::v1::Entry EntryInTheEnd(Caller& caller, const Answer& write);

// Waits until the entry is UNKNOWN for a reason that has this text. Adds a test failure if it
// becomes anything else.
void AwaitUnknown(Caller& caller, const Answer& write, const std::string& reason);

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_LEDGER_ENTRY_H_
