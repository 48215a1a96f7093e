#include "service/events/postgresql/lease_bytes.h"

#include <cstddef>
#include <cstdint>

namespace gateway::events {
namespace {

constexpr size_t kIntegerBytes = 8;
constexpr size_t kAttemptsBytes = 4;
constexpr size_t kLeaseBytes = 2 * kIntegerBytes + kAttemptsBytes;

void Append(uint64_t number, size_t size, std::string& bytes) {
  for (size_t i = size; i-- > 0;) bytes.push_back(static_cast<char>(number >> (8 * i)));
}

uint64_t Take(size_t size, absl::string_view& bytes) {
  uint64_t number = 0;
  for (const char c : bytes.substr(0, size)) number = number << 8 | static_cast<unsigned char>(c);
  bytes.remove_prefix(size);
  return number;
}

}  // namespace

std::string PackLeases(const std::vector<Deliveries::Lease>& leases) {
  std::string bytes;
  bytes.reserve(leases.size() * kLeaseBytes);
  for (const Deliveries::Lease& lease : leases) {
    Append(static_cast<uint64_t>(lease.number), kIntegerBytes, bytes);
    Append(lease.lease, kIntegerBytes, bytes);
    Append(static_cast<uint32_t>(lease.attempts), kAttemptsBytes, bytes);
  }
  return bytes;
}

std::optional<std::vector<Deliveries::Lease>> UnpackLeases(absl::string_view bytes,
                                                           SteadyTime deadline) {
  if (bytes.size() % kLeaseBytes != 0) return std::nullopt;
  std::vector<Deliveries::Lease> leases;
  while (!bytes.empty()) {
    Deliveries::Lease lease;
    lease.number = static_cast<int64_t>(Take(kIntegerBytes, bytes));
    lease.lease = Take(kIntegerBytes, bytes);
    lease.attempts = static_cast<int32_t>(Take(kAttemptsBytes, bytes));
    lease.deadline = deadline;
    if (lease.number < 1 || lease.attempts < 1) return std::nullopt;
    leases.push_back(lease);
  }
  return leases;
}

}  // namespace gateway::events
