#include "upstream/mapping/request/request_writer.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "upstream/mapping/form.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/request/canonical.h"
#include "upstream/mapping/request/json_from_wire.h"
#include "upstream/mapping/request/update_mask.h"
#include "upstream/mapping/scalar.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {
namespace {

// The name of the caller's metadata, as violations show it.
constexpr absl::string_view kIdempotencyKey = "idempotency-key";
// The longest idempotency key if the provider states no bound.
constexpr size_t kMaxIdempotencyKey = 1024;

// Written in place of a value that must not be shown.
constexpr absl::string_view kHidden = "***";

// Reserved for the URL, so that it need not grow.
constexpr size_t kUsualUrl = 128;
// How much larger than the message its JSON usually is: JSON spells out the names.
constexpr size_t kUsualGrowth = 4;

// Writes one request; used once.
class RequestWriter {
 public:
  RequestWriter(const Route& route, const RequestContext& context)
      : route_(route), context_(context) {}

  WireResult Write(absl::string_view message) {
    runs_.resize(route_.request->fields.size());
    WireResult result = Scan(message);
    if (result == WireResult::kOk) result = WritePath();
    if (result == WireResult::kOk) result = ReadTenant();
    if (result == WireResult::kOk) result = WriteQuery();
    if (result == WireResult::kOk) result = WriteBody();
    if (result == WireResult::kOk) WriteHeaders();
    return result;
  }

  const Route& route() const { return route_; }
  Violations& violations() { return violations_; }
  RestRequest&& request() { return std::move(request_); }

 private:
  RequestTerms terms() { return {violations_, context_.now, /*partial=*/false}; }

  // Notes where each field of the request stands. Does not look at the values yet.
  WireResult Scan(absl::string_view message) {
    WireReader reader(message);
    while (!reader.done()) {
      const char* const begin = reader.position();
      uint32_t number;
      WireValue value;
      if (!reader.ReadField(number, value) || !SkipRun(reader, number)) {
        return WireResult::kMalformed;
      }
      const FieldPlan* field = route_.request->ByNumber(number);
      if (field == nullptr) {
        violations_.Add(
            {}, absl::StrCat("the request has a field number ", number, " that is not known here"));
        continue;
      }
      absl::string_view& slot = runs_[field->index];
      if (!slot.empty()) return WireResult::kNotCanonical;
      slot = absl::string_view(begin, reader.position() - begin);
    }
    return WireResult::kOk;
  }

  WireResult WritePath() {
    std::string& url = request_.http.url;
    url.reserve(kUsualUrl);
    url.assign(context_.base_url.data(), context_.base_url.size());
    for (const Route::PathPart& part : route_.path) {
      url.append(part.literal);
      if (part.field == nullptr) continue;
      const WireResult result = PathValue(*part.field);
      if (result != WireResult::kOk) return result;
    }
    return WireResult::kOk;
  }

  WireResult PathValue(const FieldPlan& field) {
    const Path at{nullptr, field.name};
    const absl::string_view run = runs_[field.index];
    absl::string_view text;
    if (!run.empty()) {
      WireValue value;
      const WireResult result = Single(field, run, value);
      if (result != WireResult::kOk) return result;
      const ScalarText scalar = TextOf(field, value, context_.now, scratch_);
      if (!scalar.error.empty()) {
        violations_.Add(at, Explain(field, scalar.error));
        return WireResult::kOk;
      }
      text = scalar.text;
    } else if (&field == route_.tenant) {
      text = context_.default_tenant;
    }
    if (&field == route_.tenant) request_.tenant = std::string(text);
    // An empty or dotted segment would turn into another path.
    if (run.empty() && text.empty()) {
      violations_.Add(at, "is required");
    } else if (text.empty() || text == "." || text == "..") {
      violations_.Add(at, "must not be empty, `.` or `..`");
    }
    AppendValue(field, text);
    return WireResult::kOk;
  }

  // Reads a tenant field that is not part of the REST request.
  WireResult ReadTenant() {
    if (route_.tenant == nullptr || route_.places[route_.tenant->index] != Place::kNowhere) {
      return WireResult::kOk;
    }
    const FieldPlan& field = *route_.tenant;
    request_.tenant = std::string(context_.default_tenant);
    if (runs_[field.index].empty()) return WireResult::kOk;
    WireValue value;
    const WireResult result = Single(field, runs_[field.index], value);
    if (result != WireResult::kOk) return result;
    const ScalarText scalar = TextOf(field, value, context_.now, scratch_);
    if (!scalar.error.empty()) {
      violations_.Add({nullptr, field.name}, Explain(field, scalar.error));
    }
    request_.tenant = std::string(scalar.text);
    return WireResult::kOk;
  }

  WireResult WriteQuery() {
    for (const FieldPlan& field : route_.request->fields) {
      if (route_.places[field.index] != Place::kQuery) continue;
      const WireResult result = QueryField(field);
      if (result != WireResult::kOk) return result;
    }
    return WireResult::kOk;
  }

  WireResult QueryField(const FieldPlan& field) {
    const Path at{nullptr, field.name};
    const absl::string_view run = runs_[field.index];
    if (run.empty()) {
      if (field.required) violations_.Add(at, "is required");
      return WireResult::kOk;
    }
    if (field.kind == Kind::kMessage) return QueryObject(field, run, at);
    if (field.cardinality == Cardinality::kSingular) {
      WireValue value;
      const WireResult result = Single(field, run, value);
      if (result == WireResult::kOk) QueryValue(field, value, at);
      return result;
    }
    if (route_.provider->keys().lists() > v1::LISTS_REPEAT_KEY) return QueryList(field, run, at);
    size_t count = 0;
    const WireResult result = ForEachElement(field, run, [&](const WireValue& value, size_t index) {
      count = index + 1;
      QueryValue(field, value, {&at, "", index});
      return WireResult::kOk;
    });
    if (result == WireResult::kOk && count == 0) return WireResult::kNotCanonical;  // packed, empty
    CheckCount(field, count, at, violations_);
    return result;
  }

  void QueryValue(const FieldPlan& field, const WireValue& value, const Path& at) {
    const ScalarText scalar = TextOf(field, value, context_.now, scratch_);
    if (!scalar.error.empty()) return violations_.Add(at, Explain(field, scalar.error));
    std::string& url = request_.http.url;
    url.push_back(NextSeparator());
    AppendPercentEncoded(field.wire_name, url);
    url.push_back('=');
    AppendValue(field, scalar.text);
  }

  void AppendValue(const FieldPlan& field, absl::string_view text) {
    std::string& url = request_.http.url;
    if (context_.hides_secrets && field.sensitive) {
      url.append(kHidden.data(), kHidden.size());
    } else {
      AppendPercentEncoded(text, url);
    }
  }

  // Neither the path nor a base URL contains a `?`.
  char NextSeparator() const {
    return request_.http.url.find('?') == std::string::npos ? '?' : '&';
  }

  WireResult QueryObject(const FieldPlan& field, absl::string_view run, const Path& at) {
    WireValue value;
    WireResult result = Single(field, run, value);
    std::string json;
    if (result == WireResult::kOk) {
      result = AppendMessage(*field.message, value.bytes, at, nullptr, terms(), json);
    }
    if (result == WireResult::kOk) QueryJson(field.wire_name, json, at);
    return result;
  }

  WireResult QueryList(const FieldPlan& field, absl::string_view run, const Path& at) {
    std::string json;
    const WireResult result = AppendRun(field, run, at, terms(), json);
    if (result == WireResult::kOk) QueryJson(field.wire_name, json, at);
    return result;
  }

  void QueryJson(absl::string_view name, const std::string& json, const Path& at) {
    std::string pairs;
    AppendForm(route_.provider->keys(), name, json, at, violations_, pairs);
    if (pairs.empty()) return;
    // Any value in these pairs may be sensitive.
    if (context_.hides_secrets) pairs = std::string(kHidden);
    request_.http.url.push_back(NextSeparator());
    request_.http.url.append(pairs);
  }

  // A form is made from the JSON, because the JSON writer checks all values.
  void EncodeBody() {
    if (!request_.http.has_body || route_.body_form == BodyForm::kJson) return;
    const Path at{nullptr, route_.body->name};
    const std::string json = std::move(request_.http.body);
    request_.http.body.clear();
    if (route_.body_form == BodyForm::kQuery) {
      request_.http.has_body = false;
      return QueryJson("", json, at);
    }
    AppendForm(route_.provider->keys(), "", json, at, violations_, request_.http.body);
  }

  void WriteHeaders() {
    http::HeaderLines& headers = request_.http.headers;
    headers.Add("Accept: application/json");
    headers.Add("User-Agent: billing-gateway/" GATEWAY_VERSION);
    if (request_.http.has_body) {
      headers.Add(route_.body_form == BodyForm::kForm
                      ? "Content-Type: application/x-www-form-urlencoded"
                      : "Content-Type: application/json");
    }
    if (context_.idempotency_key) AddIdempotencyKey(*context_.idempotency_key);
  }

  void AddIdempotencyKey(absl::string_view key) {
    const Path at{nullptr, kIdempotencyKey};
    const bool heeded = route_.idempotency_key || context_.ledger_heeds_keys;
    const bool write = route_.access == Access::kWrite;
    if (!heeded && write) {
      return violations_.Add(at, "is of no effect here: the upstream has no such thing");
    }
    const v1::IdempotencyKey& known = route_.provider->idempotency_key();
    const bool passes_on = route_.idempotency_key && write;
    const size_t most =
        known.max_length() > 0 && (passes_on || !write) ? known.max_length() : kMaxIdempotencyKey;
    if (key.empty() || key.size() > most ||
        !std::all_of(key.begin(), key.end(), absl::ascii_isgraph)) {
      return violations_.Add(
          at, absl::StrCat("must be given once, as 1 to ", most, " visible characters of ASCII"));
    }
    if (passes_on && !context_.ledger_heeds_keys) {
      request_.http.headers.Add(known.header(), ": ", key);
    }
  }

  WireResult WriteBody() {
    const WireResult result = WriteJsonBody();
    if (result == WireResult::kOk) EncodeBody();
    return result;
  }

  WireResult WriteJsonBody() {
    request_.http.method = route_.method;
    if (route_.body == nullptr) return WireResult::kOk;
    const FieldPlan& field = *route_.body;
    const Path at{nullptr, field.name};
    const absl::string_view run = runs_[field.index];
    std::string& json = request_.http.body;
    request_.http.has_body = true;
    if (field.cardinality != Cardinality::kSingular) {
      return AppendRun(field, run, at, terms(), json);
    }

    UpdateMask mask;
    const WireResult result = ReadMask(mask);
    if (result != WireResult::kOk) return result;
    const bool masked = !mask.entries.empty();
    if (run.empty() && !masked) {
      request_.http.has_body = field.required;
      if (!field.required) return WireResult::kOk;
      violations_.Add(at, "is required");  // AppendMessage reports the missing members
    }
    WireValue body;
    body.type = WireType::kBytes;
    if (!run.empty()) {
      const WireResult single = Single(field, run, body);
      if (single != WireResult::kOk) return single;
    }
    json.reserve(body.bytes.size() * kUsualGrowth);
    // A PATCH changes what it names and leaves the rest, whatever its schema requires: ADR 28.
    RequestTerms body_terms = terms();
    body_terms.partial = route_.method == http::Method::kPatch;
    return AppendMessage(*field.message, body.bytes, at, masked ? &mask : nullptr, body_terms,
                         json);
  }

  WireResult ReadMask(UpdateMask& mask) {
    if (route_.mask == nullptr || runs_[route_.mask->index].empty()) return WireResult::kOk;
    WireValue value;
    const WireResult result = Single(*route_.mask, runs_[route_.mask->index], value);
    if (result != WireResult::kOk) return result;
    const bool good = ReadUpdateMask(*route_.body->message, value.bytes,
                                     {nullptr, route_.mask->name}, violations_, mask);
    return good ? WireResult::kOk : WireResult::kMalformed;
  }

  static WireResult Single(const FieldPlan& field, absl::string_view run, WireValue& value) {
    WireReader reader(run);
    uint32_t number;
    if (!reader.ReadField(number, value)) return WireResult::kMalformed;
    if (value.type != WireTypeOf(field.kind)) return WireResult::kMalformed;
    return reader.done() ? WireResult::kOk : WireResult::kNotCanonical;
  }

  const Route& route_;
  const RequestContext& context_;
  absl::InlinedVector<absl::string_view, 16> runs_;  // by FieldPlan::index
  Violations violations_;
  RestRequest request_;
  Scratch scratch_;
};

Failure BadRequest(std::string message, std::vector<Violation> violations) {
  Failure failure;
  failure.code = absl::StatusCode::kInvalidArgument;
  failure.outcome = Outcome::kNotSent;
  failure.reason = "INVALID_REQUEST";
  failure.message = std::move(message);
  failure.violations = std::move(violations);
  return failure;
}

std::string Summary(const Violation& first, size_t count) {
  std::string text = absl::StrCat(first.field, first.field.empty() ? "" : " ", first.description);
  if (count > 1) absl::StrAppend(&text, " (and ", count - 1, " more)");
  return text;
}

std::variant<RestRequest, Failure> Answer(RequestWriter& writer, WireResult result) {
  if (result != WireResult::kOk) {
    return BadRequest(
        absl::StrCat("the request is not a valid ", writer.route().request->full_name), {});
  }
  if (!writer.violations().empty()) {
    const size_t count = writer.violations().count();
    std::vector<Violation> violations = writer.violations().Take();
    std::string summary = Summary(violations.front(), count);
    Failure failure = BadRequest(std::move(summary), std::move(violations));
    failure.violations_left_out = count - failure.violations.size();
    return failure;
  }
  return writer.request();
}

}  // namespace

std::variant<RestRequest, Failure> WriteRequest(const Route& route, absl::string_view message,
                                                const RequestContext& context) {
  RequestWriter writer(route, context);
  const WireResult result = writer.Write(message);
  if (result != WireResult::kNotCanonical) return Answer(writer, result);
  const std::optional<std::string> canonical = Canonical(route, message);
  if (!canonical) return Answer(writer, WireResult::kMalformed);
  RequestWriter again(route, context);
  return Answer(again, again.Write(*canonical));
}

}  // namespace gateway::mapping
