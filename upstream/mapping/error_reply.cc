#include "upstream/mapping/error_reply.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
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

std::string TextMember(const json& object, const std::string& name) {
  if (name.empty() || !object.is_object()) return "";
  const auto member = object.find(name);
  return member == object.end() ? "" : Cut(ScalarText(*member), kMaxText);
}

// A path is a string, or an array of its parts.
std::string PathMember(const json& object, const std::string& name) {
  const auto member = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || member == object.end() || !member->is_array()) {
    return TextMember(object, name);
  }
  std::string path;
  for (const json& part : *member) {
    const std::string text = ScalarText(part);
    if (!text.empty()) absl::StrAppend(&path, path.empty() ? "" : ".", text);
    if (path.size() > kMaxText) break;
  }
  return Cut(path, kMaxText);
}

void ReadViolations(const v1::ErrorBody& names, const json& body, Failure& failure) {
  if (names.violations().empty()) return;
  const auto list = body.find(names.violations());
  if (list == body.end() || !list->is_array()) return;
  for (const json& element : *list) {
    if (failure.violations.size() >= Violations::kLimit) return;
    Violation violation{PathMember(element, names.violation_path()),
                        TextMember(element, names.violation_message())};
    if (violation.field.empty() && violation.description.empty()) continue;
    failure.violations.push_back(std::move(violation));
  }
}

void ReadBody(const v1::ErrorBody& names, const std::string& text, Failure& failure) {
  const json body = text.size() > kMaxBody ? json() : json::parse(text, nullptr, false);
  if (!body.is_object()) {
    failure.message = Sample(text);
    return;
  }
  failure.upstream_code = TextMember(body, names.code());
  failure.message = TextMember(body, names.message());
  failure.trace_id = TextMember(body, names.trace_id());
  ReadViolations(names, body, failure);
}

}  // namespace

Failure ReadErrorReply(const Route& route, const http::Response& response) {
  Failure failure = FromHttpStatus(response.status, route.read);
  ReadBody(route.provider->error_body(), response.body, failure);
  failure.message = absl::StrCat("the upstream answered ", response.status,
                                 failure.message.empty() ? "" : ": ", failure.message);
  // Of a write that may have happened it would invite the repeat that must not be.
  if (route.read || failure.outcome != Outcome::kUnknown) {
    failure.retry_after = ParseRetryAfter(response.Header("retry-after"), absl::Now());
  }
  return failure;
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
