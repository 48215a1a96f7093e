// Keeps the memory of large bodies and replies for later bodies and replies, up to 8 MB for the
// process. malloc would give such blocks back to the system at once (see service/main.cc), and new
// blocks cost as much time as reading the bodies.
//
// Thread-safety: any thread; what one thread keeps, another may take.
#ifndef UPSTREAM_HTTP_BODY_MEMORY_H_
#define UPSTREAM_HTTP_BODY_MEMORY_H_

#include <cstddef>
#include <string>

namespace gateway::http {

// Gives the string, which is empty, room for `size` bytes.
void ReserveBodyMemory(std::string& body, size_t size);

// Keeps the memory of a body or reply that is no longer needed.
void KeepBodyMemory(std::string body);

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_BODY_MEMORY_H_
