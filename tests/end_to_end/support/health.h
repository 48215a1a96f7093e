// Messages of grpc.health.v1, encoded and decoded by hand: each has one field, and gRPC links no
// descriptor of them.
#ifndef TESTS_END_TO_END_SUPPORT_HEALTH_H_
#define TESTS_END_TO_END_SUPPORT_HEALTH_H_

#include <string>

namespace gateway::end_to_end {

inline constexpr char kHealthCheck[] = "/grpc.health.v1.Health/Check";
inline constexpr char kHealthWatch[] = "/grpc.health.v1.Health/Watch";

// HealthCheckRequest{service = 1}, for names shorter than 128 bytes.
inline std::string HealthRequest(const std::string& service) {
  if (service.empty()) return "";
  return std::string{'\x0a', static_cast<char>(service.size())} + service;
}

// HealthCheckResponse{status = 1}.
inline constexpr char kServing[] = "\x08\x01";
inline constexpr char kNotServing[] = "\x08\x02";

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_HEALTH_H_
