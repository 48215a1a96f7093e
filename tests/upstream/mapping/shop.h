// What the tests of the mapping share: the lemonade shop of testdata/shop.proto, its routes, and
// the ways from text to bytes and back that the code under test does not know.
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

// The route of ShopService's method; the test ends if there is none.
const Route& RouteOf(absl::string_view method);

// The plan of a message type of the shop.
const MessagePlan& PlanOf(absl::string_view type);

// An empty message of a type of the shop ("GlassDto").
std::unique_ptr<Message> New(absl::string_view type);

// Bytes of a message written in text format.
std::string Wire(absl::string_view type, absl::string_view text);

// The message in `bytes`, as a single line of text format; "unparsable" if protobuf refuses it.
std::string Text(absl::string_view type, absl::string_view bytes);

// Text format put through protobuf, to compare with Text().
std::string Normal(absl::string_view type, absl::string_view text);

// Fields as protobuf's own stream writes them, for bytes that no serializer would put together.
std::string VarintBytes(uint64_t value);
std::string VarintField(uint32_t number, uint64_t value);
std::string BytesField(uint32_t number, absl::string_view bytes);
std::string Fixed64Field(uint32_t number, uint64_t bits);

using Written = std::variant<RestRequest, Failure>;
Written Write(absl::string_view method, absl::string_view bytes);
Written WriteText(absl::string_view method, absl::string_view text);

// The body of Mix for an Everything in text format or in bytes: its JSON as it was written, or
// "refused: <field>: <description>; ..." in the order of the violations.
std::string MixBody(absl::string_view everything_text);
std::string MixBodyOfBytes(absl::string_view everything_bytes);

// All violations of a failure as "<field>: <description>; ...", or its message where it has none.
std::string Violated(const Written& written);

using Read = std::variant<Reply, Failure>;
Read ReadJson(absl::string_view method, absl::string_view body, int status = 200);

// The reply as text format, or "failed: <message>".
std::string ReadText(absl::string_view method, absl::string_view body, int status = 200);

// A response with a parser's padding behind its body, and no header.
http::Response ResponseOf(int status, absl::string_view body, absl::string_view headers = "");

}  // namespace gateway::mapping::shop

#endif  // TESTS_UPSTREAM_MAPPING_SHOP_H_
