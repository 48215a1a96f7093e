// Reads an upstream's error body: code, message, trace id, violations.
//
// Reading is lenient: all parts that can be read are kept. The forms that the provider's protos
// describe are tried first, then common forms of servers and gateways. For a body in no known form,
// the message is the beginning of its text.
//
// Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_ERROR_BODY_H_
#define UPSTREAM_MAPPING_ERROR_BODY_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/v1/annotations.pb.h"
#include "upstream/http/message.h"
#include "upstream/mapping/failure.h"

namespace gateway::mapping {

struct ErrorParts {
  std::string code;
  std::string message;
  std::string trace_id;
  std::vector<Violation> violations;
  size_t violations_left_out = 0;

  bool empty() const { return code.empty() && message.empty() && violations.empty(); }
};

// Reads the body of an error reply in any form. If the body has no message of its own, `message` is
// a sample of the text.
ErrorParts ReadErrorBody(const v1::Provider& provider, const http::Response& response);

// Whether a path in the provider's error_body begins with a member of this name.
bool IsErrorMember(const v1::Provider& provider, absl::string_view name);

// Parses the body as JSON. If it is malformed, repairs it, or else keeps the part before the fault.
// Returns a discarded value if nothing can be read, or if the body is longer than kMaxBody.
nlohmann::json LenientJson(absl::string_view body);

// Reads the parts of an error from an object or a list. Takes no sample of the text.
ErrorParts PartsOf(const v1::Provider& provider, const nlohmann::json& body);

// Whether an object has both code and message of one form.
bool HasCodeAndMessage(const v1::Provider& provider, const nlohmann::json& body);

// Whether the body is a page for people, HTML or XML, and not JSON under a wrong label.
bool IsPage(const http::Response& response);

// Returns the beginning of the body's text: one line of valid UTF-8, without the tags of a page.
std::string Sample(const http::Response& response);

// Makes the text printable on one line, and returns at most `limit` bytes of it.
std::string OneLine(absl::string_view text, size_t limit);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ERROR_BODY_H_
