// How much memory of this process is in use, cheaply enough to be asked a hundred times a second;
// and how much it may have.
//
// Thread-safety: one thread.
#ifndef SERVICE_PORT_GUARD_RESIDENT_MEMORY_H_
#define SERVICE_PORT_GUARD_RESIDENT_MEMORY_H_

#include <cstddef>
#include <cstdint>

namespace gateway {

class ResidentMemory {
 public:
  ResidentMemory();
  ~ResidentMemory();
  ResidentMemory(const ResidentMemory&) = delete;
  ResidentMemory& operator=(const ResidentMemory&) = delete;

  // Returns the memory in use, in bytes; 0 if /proc cannot be read.
  size_t Now() const;

 private:
  const int statm_;
};

// Returns the memory that the process may have, in bytes: the lowest limit of its control groups,
// or the memory of the machine if that is less.
int64_t MemoryOfTheProcess();

}  // namespace gateway

#endif  // SERVICE_PORT_GUARD_RESIDENT_MEMORY_H_
