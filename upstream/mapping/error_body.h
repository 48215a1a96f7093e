// Reads an upstream's error body: code, message, trace id, violations.
//
// Reading is lenient: parts that can be read are kept, others are quoted. The forms that the
// provider's protos describe are tried first, then common forms of servers and gateways. For a body
// in no known form, the message is the beginning of its text.
//
// Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_ERROR_BODY_H_
#define UPSTREAM_MAPPING_ERROR_BODY_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
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

// Reads a body that is an object with no members but those of an error, even if the reply's status
// is a success. Returns empty parts for any other body, and never a sample.
ErrorParts ReadNothingButAnError(const v1::Provider& provider, absl::string_view body);

// Whether the provider's error bodies may begin with a member of this name.
bool IsErrorMember(const v1::Provider& provider, absl::string_view name);

// Whether an object has parts of an error beside other members. `skip` returns true for members
// that mean something else there.
bool HasErrorParts(const v1::Provider& provider, absl::string_view body,
                   absl::FunctionRef<bool(absl::string_view)> skip);

// Whether the body is a page for people: HTML or XML.
bool IsPage(const http::Response& response);

// A little of the text that a person would read: one line, no tags of a page, valid UTF-8.
std::string Sample(const http::Response& response);

// Makes the text printable on one line, and returns at most `limit` bytes of it.
std::string OneLine(absl::string_view text, size_t limit);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ERROR_BODY_H_
