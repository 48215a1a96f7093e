#include "upstream/mapping/request_writer.h"

#include <optional>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "upstream/mapping/canonical.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/json_from_wire.h"
#include "upstream/mapping/scalar.h"
#include "upstream/mapping/update_mask.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {
namespace {

// Writes one request; used once.
class RequestWriter {
 public:
  RequestWriter(const Route& route, absl::string_view base_url, absl::string_view default_tenant)
      : route_(route), base_url_(base_url), default_tenant_(default_tenant) {}

  WireResult Write(absl::string_view message) {
    runs_.resize(route_.request->fields.size());
    WireResult result = Scan(message);
    if (result == WireResult::kOk) result = WritePath();
    if (result == WireResult::kOk) result = WriteQuery();
    if (result == WireResult::kOk) result = WriteBody();
    return result;
  }

  const Route& route() const { return route_; }
  Violations& violations() { return violations_; }
  RestRequest&& request() { return std::move(request_); }

 private:
  // Where each field of the request stands; the values are not looked at yet.
  WireResult Scan(absl::string_view message) {
    WireReader reader(message);
    while (!reader.done()) {
      WireReader ahead = reader;
      uint32_t number;
      WireValue value;
      if (!ahead.ReadField(number, value)) return WireResult::kMalformed;
      const absl::string_view run = TakeRun(reader, number);
      if (run.empty()) return WireResult::kMalformed;
      const FieldPlan* field = route_.request->ByNumber(number);
      if (field == nullptr) {
        violations_.Add(
            {}, absl::StrCat("the request has a field number ", number, " that is not known here"));
        continue;
      }
      absl::string_view& slot = runs_[field->index];
      if (!slot.empty()) return WireResult::kNotCanonical;
      slot = run;
    }
    return WireResult::kOk;
  }

  WireResult WritePath() {
    std::string& url = request_.http.url;
    url.assign(base_url_.data(), base_url_.size());
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
      const ScalarText scalar = TextOf(field, value, scratch_);
      if (!scalar.error.empty()) {
        violations_.Add(at, scalar.error);
        return WireResult::kOk;
      }
      text = scalar.text;
    } else if (&field == route_.tenant) {
      text = default_tenant_;
    }
    if (&field == route_.tenant) request_.tenant = std::string(text);
    // An empty or dotted segment would turn into another path.
    if (run.empty() && text.empty()) {
      violations_.Add(at, "is required");
    } else if (text.empty() || text == "." || text == "..") {
      violations_.Add(at, "must not be empty, `.` or `..`");
    }
    AppendPercentEncoded(text, request_.http.url);
    return WireResult::kOk;
  }

  WireResult WriteQuery() {
    char separator = '?';
    for (const FieldPlan& field : route_.request->fields) {
      if (route_.places[field.index] != Place::kQuery) continue;
      const WireResult result = QueryField(field, separator);
      if (result != WireResult::kOk) return result;
    }
    return WireResult::kOk;
  }

  WireResult QueryField(const FieldPlan& field, char& separator) {
    const Path at{nullptr, field.name};
    const absl::string_view run = runs_[field.index];
    if (run.empty()) {
      if (field.required) violations_.Add(at, "is required");
      return WireResult::kOk;
    }
    if (field.cardinality == Cardinality::kSingular) {
      WireValue value;
      const WireResult result = Single(field, run, value);
      if (result == WireResult::kOk) QueryValue(field, value, at, separator);
      return result;
    }
    size_t count = 0;
    const WireResult result = ForEachElement(field, run, [&](const WireValue& value, size_t index) {
      count = index + 1;
      QueryValue(field, value, {&at, "", index}, separator);
      return WireResult::kOk;
    });
    if (result == WireResult::kOk && count == 0) return WireResult::kNotCanonical;  // packed: unset
    CheckCount(field, count, at, violations_);
    return result;
  }

  void QueryValue(const FieldPlan& field, const WireValue& value, const Path& at, char& separator) {
    const ScalarText scalar = TextOf(field, value, scratch_);
    if (!scalar.error.empty()) return violations_.Add(at, scalar.error);
    std::string& url = request_.http.url;
    url.push_back(separator);
    separator = '&';
    AppendPercentEncoded(field.wire_name, url);
    url.push_back('=');
    AppendPercentEncoded(scalar.text, url);
  }

  WireResult WriteBody() {
    request_.http.method = route_.method;
    if (route_.body == nullptr) return WireResult::kOk;
    const FieldPlan& field = *route_.body;
    const Path at{nullptr, field.name};
    const absl::string_view run = runs_[field.index];
    JsonFromWire json(request_.http.body, violations_);
    request_.http.has_body = true;
    if (field.cardinality != Cardinality::kSingular) return json.List(field, run, at);

    UpdateMask mask;
    const WireResult result = ReadMask(mask);
    if (result != WireResult::kOk) return result;
    const bool masked = !mask.entries.empty();
    if (run.empty() && !masked) {
      request_.http.has_body = field.required;
      if (!field.required) return WireResult::kOk;
      violations_.Add(at, "is required");  // and below, what it would have to contain
    }
    WireValue body;
    body.type = WireType::kBytes;
    if (!run.empty()) {
      const WireResult single = Single(field, run, body);
      if (single != WireResult::kOk) return single;
    }
    request_.http.body.reserve(body.bytes.size() * 2);
    return json.Message(*field.message, body.bytes, at, masked ? &mask : nullptr);
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
  const absl::string_view base_url_;
  const absl::string_view default_tenant_;
  absl::InlinedVector<absl::string_view, 16> runs_;  // by FieldPlan::index
  Violations violations_;
  RestRequest request_;
  std::string scratch_;
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

std::string Summary(const std::vector<Violation>& violations) {
  const Violation& first = violations.front();
  std::string text = absl::StrCat(first.field, first.field.empty() ? "" : " ", first.description);
  if (violations.size() > 1) absl::StrAppend(&text, " (and ", violations.size() - 1, " more)");
  return text;
}

std::variant<RestRequest, Failure> Answer(RequestWriter& writer, WireResult result) {
  if (result != WireResult::kOk) {
    return BadRequest(
        absl::StrCat("the request is not a valid ", writer.route().request->full_name), {});
  }
  if (!writer.violations().empty()) {
    std::vector<Violation> violations = writer.violations().Take();
    std::string summary = Summary(violations);
    return BadRequest(std::move(summary), std::move(violations));
  }
  return writer.request();
}

}  // namespace

std::variant<RestRequest, Failure> WriteRequest(const Route& route, absl::string_view message,
                                                absl::string_view base_url,
                                                absl::string_view default_tenant) {
  RequestWriter writer(route, base_url, default_tenant);
  const WireResult result = writer.Write(message);
  if (result != WireResult::kNotCanonical) return Answer(writer, result);
  const std::optional<std::string> canonical = Canonical(route, message);
  if (!canonical) return Answer(writer, WireResult::kMalformed);
  RequestWriter again(route, base_url, default_tenant);
  return Answer(again, again.Write(*canonical));
}

}  // namespace gateway::mapping
