// Shared parts of the mapping tests: the lemonade shop of testdata/shop.proto, its routes, and
// conversions between text and bytes that are independent of the code under test.
#ifndef TESTS_UPSTREAM_MAPPING_SHOP_H_
#define TESTS_UPSTREAM_MAPPING_SHOP_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/reply/reply_reader.h"
#include "upstream/mapping/request/request_writer.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping::shop {

using google::protobuf::Message;

const RouteTable& Routes();

// Returns the route of ShopService's method; the test aborts if it does not exist.
const Route& RouteOf(absl::string_view method);

// Returns the plan of a message type of the shop.
const MessagePlan& PlanOf(absl::string_view type);

// Returns an empty message of a type of the shop ("GlassDto").
std::unique_ptr<Message> New(absl::string_view type);

// Returns the bytes of a message in text format.
std::string Wire(absl::string_view type, absl::string_view text);

// Returns the message in `bytes` as one line of text format; "unparsable" if protobuf refuses it.
std::string Text(absl::string_view type, absl::string_view bytes);

// Normalizes text format by parsing and printing it, for comparison with Text().
std::string Normal(absl::string_view type, absl::string_view text);

// Single fields as protobuf's own stream writes them, to build byte sequences that no serializer
// writes.
std::string VarintBytes(uint64_t value);
std::string VarintField(uint32_t number, uint64_t value);
std::string BytesField(uint32_t number, absl::string_view bytes);
std::string Fixed64Field(uint32_t number, uint64_t bits);

using Written = std::variant<RestRequest, Failure>;
Written Write(absl::string_view method, absl::string_view bytes);
Written WriteText(absl::string_view method, absl::string_view text);

// Returns Mix's JSON body for an Everything in text format or in bytes, or "refused: <field>:
// <description>; ..." in the order of the violations.
std::string MixBody(absl::string_view everything_text);
std::string MixBodyOfBytes(absl::string_view everything_bytes);

// Returns all violations of a failure as "<field>: <description>; ...", or its message if it has
// none.
std::string Violated(const Written& written);

using Read = std::variant<Reply, Failure>;
Read ReadJson(absl::string_view method, absl::string_view body, int status = 200);

// Returns the reply in text format, or "failed: <message>".
std::string ReadText(absl::string_view method, absl::string_view body, int status = 200);

// Returns a response with the parser's padding behind its body, and with these headers.
http::Response ResponseOf(int status, absl::string_view body, absl::string_view headers = "");

}  // namespace gateway::mapping::shop

#endif  // TESTS_UPSTREAM_MAPPING_SHOP_H_
