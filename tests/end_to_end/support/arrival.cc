#include "tests/end_to_end/support/arrival.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "upstream/sandbox/form.h"

namespace gateway::end_to_end {
namespace {

// Decodes percent-encoding strictly: a `%` without two hexadecimal digits stays and so shows as a
// difference. A plus becomes a space if `plus_is_space`, as many servers read it.
std::string Decode(absl::string_view text, bool plus_is_space) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) &&
        absl::ascii_isxdigit(text[i + 2])) {
      decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      decoded.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return decoded;
}

Json ParseBody(const std::string& text) {
  if (text.empty()) return Absent();
  return Json::parse(text, nullptr, false);
}

std::string Text(absl::string_view view) { return std::string(view); }

std::vector<std::string> PathDifferences(const Rpc& rpc, const Sample& sample,
                                         const Arrival& arrival) {
  const std::vector<std::string> expected = absl::StrSplit(rpc.operation->path.substr(1), '/');
  if (expected.size() != arrival.path.size()) {
    return {absl::StrCat("the path is ", arrival.target.substr(0, 300))};
  }
  std::vector<std::string> differences;
  size_t parameter = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::string& actual = arrival.path[i];
    const bool is_parameter = absl::StartsWith(expected[i], "{");
    const bool same = is_parameter ? IsTextOf(rpc.operation->path_params[parameter].type,
                                              sample.path[parameter], actual)
                                   : expected[i] == actual;
    parameter += is_parameter;
    if (!same) differences.push_back(absl::StrCat("path segment ", i, ": got ", actual));
  }
  return differences;
}

bool SameTexts(const sandbox::Type& type, const Json& expected,
               const std::vector<std::string>& texts) {
  if (!expected.is_array()) return texts.size() == 1 && IsTextOf(type, expected, texts[0]);
  if (expected.size() != texts.size()) return false;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!IsTextOf(*type.element, expected[i], texts[i])) return false;
  }
  return true;
}

std::vector<std::string> QueryDifferences(const Rpc& rpc, const Sample& sample,
                                          const Arrival& arrival) {
  std::vector<std::string> differences;
  auto rest = arrival.query;
  for (const auto& [name, value] : sample.query) {
    if (value.is_object()) {
      for (const auto& [member, part] : value.items()) {
        const std::string key = absl::StrCat(name, "[", member, "]");
        const std::vector<std::string> texts = rest[key];
        rest.erase(key);
        if (texts != std::vector<std::string>{part.dump()}) {
          differences.push_back(absl::StrCat("query ", key, ": expected ", part.dump()));
        }
      }
      continue;
    }
    const std::vector<std::string> texts = rest[name];
    rest.erase(name);
    if (SameTexts(rpc.operation->FindQuery(name)->type, value, texts)) continue;
    differences.push_back(absl::StrCat("query ", name, ": expected ", value.dump(), ", got ",
                                       absl::StrJoin(texts, " and ")));
  }
  for (const auto& [name, texts] : rest) {
    differences.push_back(absl::StrCat("query ", name, " was not asked for"));
  }
  return differences;
}

// Returns what a PATCH can be expected to carry. Protobuf cannot tell an empty list or map from an
// unset one, so these are not sent even if the schema requires them.
Json Asked(const Rpc& rpc, const Json& body, const Json& actual, Way way) {
  if (rpc.operation->verb != "PATCH" || way != Way::kRequest || !body.is_object()) return body;
  Json asked = Json::object();
  for (const auto& [name, value] : body.items()) {
    const bool unset = value.is_structured() && value.empty() && !actual.contains(name);
    if (!unset) asked[name] = value;
  }
  return asked;
}

std::vector<std::string> BodyDifferences(const Rpc& rpc, const Sample& sample,
                                         const Arrival& arrival, Way way) {
  const bool expected = !IsAbsent(sample.body);
  const std::string type = !expected    ? ""
                           : rpc.form() ? "application/x-www-form-urlencoded"
                                        : "application/json";
  if (arrival.content_type != type) return {"the content type is " + arrival.content_type};
  // A form without values is an empty body.
  const bool fits = expected ? rpc.form() || !arrival.text.empty() : arrival.text.empty();
  if (!fits) return {"body: got " + arrival.text.substr(0, 300)};
  if (!expected) return {};
  const sandbox::Type& body = *rpc.operation->body;
  const Json actual =
      rpc.form() ? sandbox::ReadForm(body, sandbox::ParsePairs(arrival.text)) : arrival.body;
  return end_to_end::Differences(body, Asked(rpc, sample.body, actual, way), actual, way);
}

}  // namespace

Arrival::Arrival(const sandbox::Received& received)
    : method(received.method),
      target(received.target),
      authorization(Text(received.Header("authorization"))),
      content_type(Text(received.Header("content-type"))),
      idempotency_key(Text(received.Header("idempotency-key"))),
      text(received.body),
      body(ParseBody(received.body)) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(target, absl::MaxSplits('?', 1));
  for (const absl::string_view segment : absl::StrSplit(parts.first.substr(1), '/')) {
    path.push_back(Decode(segment, false));
  }
  if (parts.second.empty()) return;
  for (const absl::string_view item : absl::StrSplit(parts.second, '&')) {
    const std::pair<absl::string_view, absl::string_view> entry =
        absl::StrSplit(item, absl::MaxSplits('=', 1));
    query[Decode(entry.first, true)].push_back(Decode(entry.second, true));
  }
}

std::vector<std::string> Differences(const Rpc& rpc, const Sample& sample, const Arrival& arrival,
                                     Way way) {
  std::vector<std::string> all;
  const auto add = [&all](const std::vector<std::string>& some) {
    all.insert(all.end(), some.begin(), some.end());
  };
  if (arrival.method != rpc.operation->verb) all.push_back("the verb is " + arrival.method);
  add(PathDifferences(rpc, sample, arrival));
  add(QueryDifferences(rpc, sample, arrival));
  add(BodyDifferences(rpc, sample, arrival, way));
  return all;
}

Recorder::Recorder(sandbox::Sandbox& sandbox) {
  sandbox.OnRequest([this](const sandbox::Received& received) { return Hook(received); });
}

std::optional<sandbox::Reply> Recorder::Hook(const sandbox::Received& received) {
  const std::lock_guard<std::mutex> lock(mutex_);
  received_.push_back(received);
  if (act_) act_(received);
  return reply_;
}

void Recorder::Answer(sandbox::Reply reply) {
  const std::lock_guard<std::mutex> lock(mutex_);
  reply_ = std::move(reply);
}

void Recorder::WhenReceived(Act act) {
  const std::lock_guard<std::mutex> lock(mutex_);
  act_ = std::move(act);
}

size_t Recorder::count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return received_.size();
}

std::vector<Arrival> Recorder::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Arrival> arrivals(received_.begin(), received_.end());
  received_.clear();
  return arrivals;
}

sandbox::Reply JsonReply(int status, const Json& json) {
  sandbox::Reply reply;
  reply.status = status;
  if (IsAbsent(json)) {
    reply.content_type.clear();
  } else {
    reply.body = json.dump();
  }
  return reply;
}

}  // namespace gateway::end_to_end
