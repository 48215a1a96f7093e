#include "upstream/mapping/reply/reply_reader.h"

#include <simdjson.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "upstream/http/body_memory.h"
#include "upstream/mapping/error_body.h"
#include "upstream/mapping/json_mend.h"
#include "upstream/mapping/reply/error_reply.h"
#include "upstream/mapping/reply/error_table.h"
#include "upstream/mapping/reply/reply_floor.h"
#include "upstream/mapping/reply/wire_from_json.h"

namespace gateway::mapping {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(http::kBodyPadding >= simdjson::SIMDJSON_PADDING);

constexpr int kNoContent = 204;

// Memory that a parser keeps between replies. A parser that has grown beyond this is replaced, so
// that a single huge reply does not keep memory for ever.
constexpr size_t kKeptParserCapacity = size_t{4} * 1024 * 1024;

// Returns the beginning of a body that is a page or another text, to be quoted. Returns "" for
// JSON, and for a text (not a page) with a brace in it, which may be the reply in another form,
// such as JSONP or UTF-16.
std::string QuotableText(const http::Response& response) {
  const absl::string_view begin = JsonContent(response.body).substr(0, 1);
  if (begin.find_first_of("{[\"") != absl::string_view::npos) return "";
  std::string sample = Sample(response);
  return IsPage(response) || sample.find('{') == std::string::npos ? sample : "";
}

// The Failure for a complete 2xx that is not the reply. Keeps the code and message of an error in
// the body, or else the beginning of a text. Never keeps a member of a reply, which may be
// sensitive.
Failure NotTheReply(const Route& route, const http::Response& response, absl::string_view problem) {
  Failure failure = UnusableReply(route.access);
  failure.http_status = response.status;
  ErrorParts parts = ErrorInsteadOfReply(route, response.body);
  if (parts.message.empty() && response.status != kNoContent) {
    parts.message = QuotableText(response);
  }
  failure.upstream_code = std::move(parts.code);
  failure.trace_id = std::move(parts.trace_id);
  if (failure.trace_id.empty()) failure.trace_id = ReadTraceId(*route.provider, response);
  failure.message = absl::StrCat("the upstream's reply cannot be read: ", problem,
                                 parts.message.empty() ? "" : ": ", parts.message);
  return failure;
}

// The body without a byte order mark and white space before the JSON. Most bodies begin with the
// JSON.
absl::string_view ContentOf(const std::string& body) {
  const bool plain = !body.empty() && (body.front() == '{' || body.front() == '[');
  return plain ? absl::string_view(body) : JsonContent(body);
}

bool AtEnd(ondemand::document& document) {
  const char* rest;
  return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
}

// Reads the whole JSON text as the reply message. Returns what is wrong with it, or "".
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
  if (!AtEnd(document)) return "it goes on after its end";
  return {};
}

// Whether the reply may be JSON of any form, or nothing at all.
bool IsFree(const Route& route) {
  return route.reply_field != nullptr && route.reply_field->kind == Kind::kValue &&
         route.reply_field->cardinality == Cardinality::kSingular;
}

// Whether the reply is JSON of which nothing is documented.
bool IsOfAnyForm(const Route& route) {
  if (route.reply_field == nullptr || route.reply_field->cardinality == Cardinality::kMap)
    return false;
  const Kind kind = route.reply_field->kind;
  return kind == Kind::kValue || kind == Kind::kStruct || kind == Kind::kListValue;
}

bool IsScalar(ondemand::document& document) {
  bool scalar = false;
  return !document.is_scalar().get(scalar) && scalar;
}

// Reads a body that is a scalar. The on-demand parser returns values only from within an array or
// object, so an array is put around the scalar.
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

// Reads `content`, the JSON in `body`, as the reply message. Returns what is wrong with it, or "".
// `body` must have spare capacity for padding. `mended` is true if json_mend.h has repaired the
// body.
std::string ReadBody(const Route& route, const std::string& body, absl::string_view content,
                     bool mended, std::string& message, DriftList& drift) {
  thread_local ondemand::parser parser;
  if (parser.capacity() > kKeptParserCapacity) parser = ondemand::parser();
  const auto before = static_cast<size_t>(content.data() - body.data());
  ondemand::document document;
  const simdjson::padded_string_view json(content.data(), body.size() - before,
                                          body.capacity() - before);
  if (parser.iterate(json).get(document)) return "it is not valid JSON";
  http::ReserveBodyMemory(message, body.size());
  WireFromJson reader(message, drift);
  if (mended) reader.ExpectMendedKeys();
  if (IsFree(route) && IsScalar(document)) return ReadScalar(route, std::string(content), reader);
  std::string problem = ReadDocument(route, document, reader);
  if (!problem.empty()) return problem;
  const bool object = content.front() == '{' && (route.reply_shape == ReplyShape::kMessage ||
                                                 route.reply_shape == ReplyShape::kArrayOrObject);
  const absl::string_view against = AgainstDocumented(route, content, object, reader);
  if (!against.empty()) problem = std::string(against);
  return problem;
}

// Reads the body again after mending its JSON, if there is something to mend. `problem` is what was
// wrong the first time. Returns what is wrong now, or "".
std::string ReadMended(const Route& route, const std::string& body, std::string problem,
                       Reply& reply, DriftList& drift) {
  std::optional<MendedJson> mended = MendJson(body);
  if (!mended) return problem;
  mended->text.reserve(mended->text.size() + http::kBodyPadding);
  reply.message.clear();
  drift = DriftList();
  problem =
      ReadBody(route, mended->text, ContentOf(mended->text), /*mended=*/true, reply.message, drift);
  drift.Add(Drift::Kind::kAlteredValue, *route.reply, nullptr,
            absl::StrCat(mended->what, " was replaced"));
  return problem;
}

// Reads a complete 2xx into `reply`. Returns why it is not the documented reply, or "".
std::string ReadSuccess(const Route& route, const http::Response& response, Reply& reply) {
  if (route.reply_shape == ReplyShape::kNone) {
    if (response.status == kNoContent) return {};
    return std::string(AgainstUndocumented(route, response));
  }
  const absl::string_view content = ContentOf(response.body);
  if (response.status == kNoContent || content.empty()) {
    return IsFree(route) || route.reply_may_be_empty ? "" : "it has no body";
  }
  DriftList drift;
  std::string problem =
      ReadBody(route, response.body, content, /*mended=*/false, reply.message, drift);
  if (!problem.empty()) {
    problem = ReadMended(route, response.body, std::move(problem), reply, drift);
  }
  if (problem.empty() && IsOfAnyForm(route)) {
    problem = std::string(AgainstUndocumented(route, response));
  }
  reply.drift = drift.Take();
  return problem;
}

// Has one variable for both results, so that the reply is not moved.
std::variant<Reply, Failure> FromSuccess(const Route& route, const http::Response& response) {
  std::variant<Reply, Failure> result;
  auto& reply = std::get<Reply>(result);
  const std::string problem = ReadSuccess(route, response, reply);
  if (problem.empty()) {
    reply.trace_id = ReadTraceId(*route.provider, response);
  } else {
    result = NotTheReply(route, response, problem);
  }
  return result;
}

}  // namespace

std::variant<Reply, Failure> ReadReply(const Route& route, const http::Response& response) {
  if (response.status < 200 || response.status > 299) return ReadErrorReply(route, response);
  if (response.body_state != http::Body::kWhole) return FromLostBody(response, route.access);
  return FromSuccess(route, response);
}

}  // namespace gateway::mapping
