// The memory of large reply bodies, kept by each thread for those to come, up to 8 MB: malloc gives
// blocks of this size back to the system at once (see service/main.cc), and to be given new ones
// costs as much as to read them.
//
// Thread-safety: each thread has its own.
#ifndef UPSTREAM_HTTP_BODY_MEMORY_H_
#define UPSTREAM_HTTP_BODY_MEMORY_H_

#include <cstddef>
#include <string>

namespace gateway::http {

// An empty string with room for `size`.
std::string TakeBodyMemory(size_t size);

// For a body that is done with.
void KeepBodyMemory(std::string body);

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_BODY_MEMORY_H_
