#include "upstream/http/body_memory.h"

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "upstream/mutex.h"

namespace gateway::http {
namespace {

// Smaller blocks are not kept here: malloc itself keeps them.
constexpr size_t kLeast = size_t{128} * 1024;
constexpr size_t kMostOfAll = size_t{8} * 1024 * 1024;

class Kept {
 public:
  // Returns an empty string without memory if none is kept.
  std::string Take() {
    const MutexLock lock(mutex_);
    if (strings_.empty()) return {};
    std::string memory = std::move(strings_.back());
    strings_.pop_back();
    capacity_ -= memory.capacity();
    return memory;
  }

  void Keep(std::string memory) {
    const MutexLock lock(mutex_);
    if (capacity_ + memory.capacity() > kMostOfAll) return;
    capacity_ += memory.capacity();
    strings_.push_back(std::move(memory));
  }

 private:
  Mutex mutex_;
  std::vector<std::string> strings_ ABSL_GUARDED_BY(mutex_);
  size_t capacity_ ABSL_GUARDED_BY(mutex_) = 0;  // of all strings_
};

Kept& OfTheProcess() {
  static auto& kept = *new Kept();  // never destroyed: replies may end after static objects do
  return kept;
}

}  // namespace

void ReserveBodyMemory(std::string& body, size_t size) {
  if (size >= kLeast && body.capacity() < size) body = OfTheProcess().Take();
  body.reserve(size);
}

void KeepBodyMemory(std::string body) {
  if (body.capacity() < kLeast) return;
  body.clear();
  OfTheProcess().Keep(std::move(body));
}

}  // namespace gateway::http
