// What an upstream's body says of an error: its code, its message, its trace id, its violations.
//
// Lenient: what can be read is kept, what cannot is quoted. The forms that the provider's protos
// describe come first, then those that servers and gateways commonly write. A body in no known form
// gives the beginning of its text.
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

// The body of a reply that is an error, whatever its form. `message` is a sample of the text where
// the body has no message of its own.
ErrorParts ReadErrorBody(const v1::Provider& provider, const http::Response& response);

// The parts in a body that is an object and has nothing but the members of an error: in a reply
// that calls itself a success, too. Empty for any other body. No part is a sample.
ErrorParts ReadNothingButAnError(const v1::Provider& provider, absl::string_view body);

// The names of the members that the provider's error bodies begin with.
bool IsErrorMember(const v1::Provider& provider, absl::string_view name);

// The parts of an error that stand in an object beside other members. `skip` tells members that
// mean something else there.
bool HasErrorParts(const v1::Provider& provider, absl::string_view body,
                   absl::FunctionRef<bool(absl::string_view)> skip);

// Whether the body is a page for people: HTML or XML.
bool IsPage(const http::Response& response);

// A little of the text that a person would read: one line, no tags of a page, valid UTF-8.
std::string Sample(const http::Response& response);

// The text printable on one line, at most `limit` bytes of it.
std::string OneLine(absl::string_view text, size_t limit);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ERROR_BODY_H_
