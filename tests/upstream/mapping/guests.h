// Two further upstreams of the tests' own, for what a provider's profile says: the café of
// testdata/cafe.proto speaks JSON, the kiosk of testdata/kiosk.proto takes forms.
#ifndef TESTS_UPSTREAM_MAPPING_GUESTS_H_
#define TESTS_UPSTREAM_MAPPING_GUESTS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/upstream/mapping/shop.h"
#include "upstream/mapping/request/request_writer.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping::guests {

// 2023-11-14T22:13:20Z, the present of all requests below.
inline constexpr int64_t kNow = 1700000000;

const std::vector<const google::protobuf::FileDescriptor*>& Files();

// The routes as the protos have them, and as the overrides have them; the test ends if there are
// none.
const RouteTable& Routes();
std::unique_ptr<const RouteTable> RoutesWith(const Overrides& overrides);

// "CafeService.PlaceOrder"; the test ends if there is none.
const Route& RouteOf(const RouteTable& routes, absl::string_view method);

// A request in text format, written to https://guest.test.
shop::Written Write(const Route& route, absl::string_view text,
                    std::optional<absl::string_view> key = std::nullopt);

// What was written, "POST https://guest.test/v1/sales what=a", or "refused: <violations>".
std::string Sent(const Route& route, absl::string_view text);

// A reply of the route as text format, or "failed: <message>".
std::string Read(const Route& route, absl::string_view json);

}  // namespace gateway::mapping::guests

#endif  // TESTS_UPSTREAM_MAPPING_GUESTS_H_
