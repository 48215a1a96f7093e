#include "upstream/http/body_memory.h"

#include <utility>
#include <vector>

namespace gateway::http {
namespace {

// Smaller blocks come from malloc's own store.
constexpr size_t kLeast = size_t{128} * 1024;
constexpr size_t kMostOfAll = size_t{8} * 1024 * 1024;

struct Kept {
  std::vector<std::string> bodies;
  size_t capacity = 0;  // of all
};

Kept& OfThisThread() {
  thread_local Kept kept;
  return kept;
}

}  // namespace

std::string TakeBodyMemory(size_t size) {
  Kept& kept = OfThisThread();
  std::string memory;
  if (size >= kLeast && !kept.bodies.empty()) {
    memory = std::move(kept.bodies.back());
    kept.bodies.pop_back();
    kept.capacity -= memory.capacity();
  }
  memory.reserve(size);
  return memory;
}

void KeepBodyMemory(std::string body) {
  Kept& kept = OfThisThread();
  if (body.capacity() < kLeast || kept.capacity + body.capacity() > kMostOfAll) return;
  body.clear();
  kept.capacity += body.capacity();
  kept.bodies.push_back(std::move(body));
}

}  // namespace gateway::http
