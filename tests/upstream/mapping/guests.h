// Two further upstreams for tests of provider profiles: the café of testdata/cafe.proto speaks
// JSON, the kiosk of testdata/kiosk.proto accepts forms.
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

// 2023-11-14T22:13:20Z, the present time of all requests below.
inline constexpr int64_t kNow = 1700000000;

const std::vector<const google::protobuf::FileDescriptor*>& Files();

// The routes as declared in the protos, and with overrides. The test aborts if they do not compile.
const RouteTable& Routes();
std::unique_ptr<const RouteTable> RoutesWith(const Overrides& overrides);

// Returns a route such as "CafeService.PlaceOrder"; the test aborts if it does not exist.
const Route& RouteOf(const RouteTable& routes, absl::string_view method);

// Writes a request in text format, for the base URL https://guest.test.
shop::Written Write(const Route& route, absl::string_view text,
                    std::optional<absl::string_view> key = std::nullopt);

// Returns the written request, such as "POST https://guest.test/v1/sales what=a", or "refused:
// <violations>".
std::string Sent(const Route& route, absl::string_view text);

// Returns the route's reply in text format, or "failed: <message>".
std::string Read(const Route& route, absl::string_view json);

}  // namespace gateway::mapping::guests

#endif  // TESTS_UPSTREAM_MAPPING_GUESTS_H_
