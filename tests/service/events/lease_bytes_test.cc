// Leases as the bytes of a database row, and bytes that are no leases.
#include "service/events/postgresql/lease_bytes.h"

#include <gtest/gtest.h>

namespace gateway::events {
namespace {

const SteadyTime kExpiry = SteadyTime::Epoch() + absl::Hours(500'000);

TEST(LeaseBytesTest, ComeBackAsTheyWere) {
  const std::vector<Deliveries::Lease> leases = {{1, 1, 1, kExpiry},
                                                 {int64_t{1} << 60, ~uint64_t{0}, 1000, kExpiry}};
  const std::string bytes = PackLeases(leases);
  EXPECT_EQ(bytes.size(), 40u);
  EXPECT_EQ(UnpackLeases(bytes, kExpiry), leases);
  EXPECT_EQ(UnpackLeases("", kExpiry)->size(), 0u);
}

TEST(LeaseBytesTest, OtherBytesAreRefused) {
  const std::string bytes = PackLeases({{7, 8, 9, kExpiry}});
  EXPECT_EQ(UnpackLeases(bytes.substr(1), kExpiry), std::nullopt);
  EXPECT_EQ(UnpackLeases(bytes + "x", kExpiry), std::nullopt);
  EXPECT_EQ(UnpackLeases(std::string(20, '\0'), kExpiry), std::nullopt) << "no event is number 0";
  EXPECT_EQ(UnpackLeases(std::string(20, '\xff'), kExpiry), std::nullopt);
}

}  // namespace
}  // namespace gateway::events
