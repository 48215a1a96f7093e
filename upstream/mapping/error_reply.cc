#include "upstream/mapping/error_reply.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "upstream/mapping/error_table.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {
namespace {

using nlohmann::json;

// A longer error body is not an error message.
constexpr size_t kMaxBody = size_t{256} * 1024;
constexpr size_t kMaxText = 500;
constexpr size_t kSampled = 4096;
constexpr size_t kMaxSample = 200;

std::string Cut(absl::string_view text, size_t limit) {
  return std::string(Utf8Prefix(text, limit));
}

// Printable on one line, whatever it was.
std::string OneLine(absl::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (control || c == ' ') {
      if (!line.empty() && line.back() != ' ') line.push_back(' ');
    } else {
      line.push_back(c);
    }
  }
  absl::StripTrailingAsciiWhitespace(&line);
  return line;
}

// What a person would read of a text or HTML page: no tags, no control characters, not much of it.
std::string Sample(absl::string_view body) {
  body = Utf8Prefix(body, kSampled);
  std::string text;
  bool in_tag = false;
  for (const char c : body) {
    if (c == '<') in_tag = true;
    if (!in_tag) text.push_back(c);
    if (c == '>' && in_tag) {
      in_tag = false;
      text.push_back(' ');
    }
  }
  text = Cut(OneLine(text), kMaxSample);
  return IsUtf8(text) ? text : "";
}

// A string as it is, a number or bool as JSON writes it. Empty for anything else: printing that may
// take as many stack frames as the upstream likes.
std::string ScalarText(const json& value) {
  if (value.is_string()) return OneLine(value.get_ref<const std::string&>());
  return value.is_number() || value.is_boolean() ? value.dump() : "";
}

// What a path of members leads to; null where it leads nowhere.
const json* At(const json& value, absl::string_view path) {
  if (path.empty()) return nullptr;
  const json* at = &value;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    const auto member = at->is_object() ? at->find(std::string(name)) : at->end();
    if (!at->is_object() || member == at->end()) return nullptr;
    at = &*member;
  }
  return at;
}

std::string TextAt(const json& value, absl::string_view path) {
  const json* found = At(value, path);
  return found == nullptr ? "" : Cut(ScalarText(*found), kMaxText);
}

// A path of the request: a string, or an array of its parts.
std::string PathAt(const json& value, absl::string_view path) {
  const json* found = At(value, path);
  if (found == nullptr || !found->is_array()) return TextAt(value, path);
  std::string parts;
  for (const json& part : *found) {
    const std::string text = ScalarText(part);
    if (!text.empty()) absl::StrAppend(&parts, parts.empty() ? "" : ".", text);
    if (parts.size() > kMaxText) break;
  }
  return Cut(parts, kMaxText);
}

void ReadViolation(const v1::ErrorBody& names, const json& element, Failure& failure) {
  Violation violation{PathAt(element, names.violation_path()),
                      TextAt(element, names.violation_message())};
  if (violation.field.empty() && violation.description.empty()) return;
  if (violation.description.empty()) violation.description = "the upstream gives no reason";
  failure.violations.push_back(std::move(violation));
}

void ReadViolations(const v1::ErrorBody& names, const json& body, Failure& failure) {
  const json* list = At(body, names.violations());
  if (list == nullptr) return;
  if (list->is_object() && !PathAt(*list, names.violation_path()).empty()) {
    return ReadViolation(names, *list, failure);
  }
  if (!list->is_array()) return;
  for (const json& element : *list) {
    if (failure.violations.size() >= Violations::kLimit) return;
    ReadViolation(names, element, failure);
  }
}

// Fills in what is empty yet.
void ReadForm(const v1::ErrorBody& names, const json& body, Failure& failure) {
  const auto fill = [&body](absl::string_view path, std::string& text) {
    if (text.empty()) text = TextAt(body, path);
  };
  fill(names.code(), failure.upstream_code);
  fill(names.message(), failure.message);
  fill(names.trace_id(), failure.trace_id);
  if (failure.violations.empty()) ReadViolations(names, body, failure);
}

void ReadBody(const v1::Provider& provider, const std::string& text, Failure& failure) {
  const json body = text.size() > kMaxBody ? json() : json::parse(text, nullptr, false);
  if (!body.is_object() || provider.error_body().empty()) {
    failure.message = Sample(text);
    return;
  }
  for (const v1::ErrorBody& form : provider.error_body()) ReadForm(form, body, failure);
}

}  // namespace

Failure ReadErrorReply(const Route& route, const http::Response& response) {
  Failure failure = FromHttpStatus(response.status, route.read);
  ReadBody(*route.provider, response.body, failure);
  if (failure.trace_id.empty()) failure.trace_id = ReadTraceId(*route.provider, response);
  failure.message = absl::StrCat("the upstream answered ", response.status,
                                 failure.message.empty() ? "" : ": ", failure.message);
  // Of a write that may have happened it would invite the repeat that must not be.
  if (route.read || failure.outcome != Outcome::kUnknown) {
    failure.retry_after = ParseRetryAfter(response.Header("retry-after"), absl::Now());
  }
  return failure;
}

std::string ReadTraceId(const v1::Provider& provider, const http::Response& response) {
  if (provider.trace_id_header().empty()) return "";
  return Cut(OneLine(response.Header(provider.trace_id_header())), kMaxText);
}

std::optional<absl::Duration> ParseRetryAfter(absl::string_view header, absl::Time now) {
  header = absl::StripAsciiWhitespace(header);
  absl::Duration wait;
  double seconds;
  absl::Time date;
  std::string error;
  // Readers of numbers and of times take more than the header may hold: "nan", "0x10",
  // "infinite-future".
  if (header.find_first_of("0123456789") == absl::string_view::npos) return std::nullopt;
  const bool decimal = header.find_first_not_of("0123456789.+-eE") == absl::string_view::npos;
  if (decimal && absl::SimpleAtod(header, &seconds)) {
    wait = absl::Seconds(seconds);
  } else if (absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", header, &date, &error)) {
    wait = date - now;
  } else {
    return std::nullopt;
  }
  return std::min(std::max(wait, absl::ZeroDuration()), kMaxRetryAfter);
}

}  // namespace gateway::mapping
