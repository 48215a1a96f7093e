// Masks the key of a request in the reply: an upstream, or a proxy in front of it, may quote the
// request's headers in its errors.
//
//   Redaction redaction(provider, key);
//   redaction.Mask(response);  // before reading: reading may cut a text within the key
//   redaction.Mask(failure); redaction.Mask(reply);  // after reading: reading resolves escapes
//
// Thread-safety: one thread. Lifetime: the destructor overwrites the copies of the key.
#ifndef UPSTREAM_REDACTION_H_
#define UPSTREAM_REDACTION_H_

#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "gateway/v1/annotations.pb.h"
#include "upstream/http/message.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/reply/reply_reader.h"

namespace gateway {

class Redaction {
 public:
  // A shorter key is not masked: it cannot be secret, and masking it would remove words from
  // messages.
  static constexpr size_t kLeast = 6;

  Redaction(const v1::Provider& provider, absl::string_view key);
  ~Redaction();
  Redaction(const Redaction&) = delete;
  Redaction& operator=(const Redaction&) = delete;

  // Writes asterisks over the key in the headers and in the body. Leaves the body of a 2xx as it
  // is, because that is the caller's data.
  void Mask(http::Response& response) const;
  // Masks the key in the body, whatever the status. Returns whether the key was in the body.
  bool MaskBody(http::Response& response) const;
  void Mask(mapping::Failure& failure) const;
  // Masks the key in the parts of a reply other than its message: in the trace id and in the texts
  // of the drift.
  void Mask(mapping::Reply& reply, const http::Response& response) const;

 private:
  bool MaskText(std::string& text) const;

  // The key, and the other forms in which a reply may quote it: encoded, or with escaped slashes.
  absl::InlinedVector<std::string, 2> forms_;
};

}  // namespace gateway

#endif  // UPSTREAM_REDACTION_H_
