// Random bytes that nobody can guess, a few at a time and cheaply: each thread takes them from
// OpenSSL's generator in portions, since a call there costs as much as a thousand bytes of it.
//
// No byte is given twice, not in a forked child either. Thread-safety: may be called from any
// thread.
#ifndef SERVICE_LEDGER_RANDOM_BYTES_H_
#define SERVICE_LEDGER_RANDOM_BYTES_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"

namespace gateway::ledger {

// False: the system has none; nothing is written then.
bool RandomBytes(unsigned char* bytes, size_t count);

// A number from 0 on. UNAVAILABLE: the system has no random bytes.
absl::StatusOr<int64_t> RandomNumber();

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_RANDOM_BYTES_H_
