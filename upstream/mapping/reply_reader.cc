#include "upstream/mapping/reply_reader.h"

#include <simdjson.h>

#include "absl/strings/str_cat.h"
#include "upstream/mapping/error_reply.h"
#include "upstream/mapping/error_table.h"
#include "upstream/mapping/wire_from_json.h"

namespace gateway::mapping {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(http::kBodyPadding >= simdjson::SIMDJSON_PADDING);

constexpr int kNoContent = 204;

// Memory that a parser keeps between replies; one that grew beyond this is let go, so that a single
// huge reply does not stay for ever.
constexpr size_t kKeptParserCapacity = size_t{4} * 1024 * 1024;

Failure Unreadable(const Route& route, int http_status, absl::string_view problem) {
  Failure failure = UnusableReply(route.read);
  failure.http_status = http_status;
  failure.message = absl::StrCat("the upstream's reply cannot be read: ", problem);
  return failure;
}

bool AtEnd(ondemand::document& document) {
  const char* rest;
  return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
}

// The whole JSON text as the reply message. Returns what is wrong with it, or "".
std::string ReadDocument(const Route& route, ondemand::document& document, WireFromJson& reader) {
  const Path root{};
  ondemand::value value;
  if (document.get_value().get(value)) return "expected an object or an array";
  bool good = false;
  if (route.reply_shape == ReplyShape::kMessage) {
    ondemand::object object;
    if (value.get_object().get(object)) return "expected an object";
    good = reader.Message(*route.reply, object, root);
  } else {
    ondemand::json_type type;
    if (value.type().get(type)) return "is not valid JSON";
    const bool single =
        route.reply_shape == ReplyShape::kArrayOrObject && type == ondemand::json_type::object;
    good = single ? reader.Element(*route.reply, *route.reply_field, value, root)
                  : reader.Field(*route.reply, *route.reply_field, value, root);
  }
  if (!good) return reader.error();
  return AtEnd(document) ? "" : "it goes on after its end";
}

// Whether the reply may be JSON of any form, or nothing at all.
bool IsFree(const Route& route) {
  return route.reply_field != nullptr && route.reply_field->kind == Kind::kValue &&
         route.reply_field->cardinality == Cardinality::kSingular;
}

bool IsScalar(ondemand::document& document) {
  bool scalar = false;
  return !document.is_scalar().get(scalar) && scalar;
}

// The on-demand parser does not hand out as a value what is not within an array or object.
std::string ReadScalar(const Route& route, const std::string& body, WireFromJson& reader) {
  const simdjson::padded_string wrapped(absl::StrCat("[", body, "]"));
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array array;
  if (parser.iterate(wrapped).get(document) || document.get_array().get(array)) {
    return "is not valid JSON";
  }
  size_t count = 0;
  for (auto result : array) {
    ondemand::value value;
    if (std::move(result).get(value) || ++count > 1) return "is not valid JSON";
    if (!reader.Field(*route.reply, *route.reply_field, value, {})) return reader.error();
  }
  return AtEnd(document) ? "" : "it goes on after its end";
}

// The body as the reply message. Returns what is wrong with it, or "".
std::string ReadBody(const Route& route, const std::string& body, std::string& message,
                     DriftList& drift) {
  thread_local ondemand::parser parser;
  if (parser.capacity() > kKeptParserCapacity) parser = ondemand::parser();
  ondemand::document document;
  const simdjson::padded_string_view json(body.data(), body.size(), body.capacity());
  if (parser.iterate(json).get(document)) return "it is not valid JSON";
  message.reserve(body.size());
  WireFromJson reader(message, drift);
  return IsFree(route) && IsScalar(document) ? ReadScalar(route, body, reader)
                                             : ReadDocument(route, document, reader);
}

}  // namespace

std::variant<Reply, Failure> ReadReply(const Route& route, const http::Response& response) {
  if (response.status < 200 || response.status > 299) return ReadErrorReply(route, response);
  if (response.body_state != http::Body::kWhole) return FromLostBody(response, route.read);
  Reply reply;
  reply.trace_id = ReadTraceId(*route.provider, response);
  const bool declared_empty = route.reply_shape == ReplyShape::kNone;
  if (declared_empty || response.status == kNoContent || (IsFree(route) && response.body.empty())) {
    return reply;
  }
  if (response.body.empty()) return Unreadable(route, response.status, "it has no body");

  DriftList drift;
  const std::string problem = ReadBody(route, response.body, reply.message, drift);
  if (!problem.empty()) return Unreadable(route, response.status, problem);
  reply.drift = drift.Take();
  return reply;
}

}  // namespace gateway::mapping
