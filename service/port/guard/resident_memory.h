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

  // In bytes; 0 if the system does not tell.
  size_t Now() const;

 private:
  const int statm_;
};

// The least of what the process's control groups allow it and what the machine has, in bytes.
int64_t MemoryOfTheProcess();

}  // namespace gateway

#endif  // SERVICE_PORT_GUARD_RESIDENT_MEMORY_H_
