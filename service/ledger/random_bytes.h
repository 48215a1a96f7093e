// Random bytes that nobody can guess, fast for a few bytes at a time: each thread takes a portion
// of 1024 bytes from OpenSSL's generator, since a call of the generator costs as much as a thousand
// bytes.
//
// No byte is given twice, not in a forked child either. Thread-safety: may be called from any
// thread.
#ifndef SERVICE_LEDGER_RANDOM_BYTES_H_
#define SERVICE_LEDGER_RANDOM_BYTES_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"

namespace gateway::ledger {

// Returns false, and writes nothing, if the system has no random bytes.
bool RandomBytes(unsigned char* bytes, size_t count);

// A number from 0 on. UNAVAILABLE: the system has no random bytes.
absl::StatusOr<int64_t> RandomNumber();

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_RANDOM_BYTES_H_
