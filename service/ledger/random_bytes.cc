#include "service/ledger/random_bytes.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "absl/status/status.h"

namespace gateway::ledger {
namespace {

constexpr size_t kPortion = 1024;

// Counts forks, in the child: so the child does not use the bytes that are also in its parent's
// stock.
std::atomic<uint64_t> forks{0};

uint64_t Forks() {
  static const int watched = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1); });
  return watched == 0 ? forks.load(std::memory_order_relaxed) : UINT64_MAX;
}

struct Stock {
  ~Stock() { OPENSSL_cleanse(bytes, sizeof(bytes)); }

  unsigned char bytes[kPortion];
  size_t left = 0;  // bytes that are not used yet, at the end of `bytes`
  uint64_t forks = 0;
};

bool Refill(Stock& stock, uint64_t forks_now) {
  stock.left = 0;
  if (RAND_bytes(stock.bytes, kPortion) != 1) return false;
  stock.left = kPortion;
  stock.forks = forks_now;
  return true;
}

}  // namespace

bool RandomBytes(unsigned char* bytes, size_t count) {
  const uint64_t forks_now = Forks();
  if (count > kPortion || forks_now == UINT64_MAX) {
    return RAND_bytes(bytes, static_cast<int>(count)) == 1;
  }
  thread_local Stock stock;
  const bool is_short = stock.left < count || stock.forks != forks_now;
  if (is_short && !Refill(stock, forks_now)) return false;
  unsigned char* const taken = stock.bytes + kPortion - stock.left;
  std::memcpy(bytes, taken, count);
  OPENSSL_cleanse(taken, count);
  stock.left -= count;
  return true;
}

absl::StatusOr<int64_t> RandomNumber() {
  uint64_t number = 0;
  if (!RandomBytes(reinterpret_cast<unsigned char*>(&number), sizeof(number))) {
    return absl::UnavailableError("the system has no random bytes");
  }
  return static_cast<int64_t>(number >> 1);
}

}  // namespace gateway::ledger
