// Takes the key that a request went out with out of what comes back: an upstream, or what stands in
// front of it, may quote the request's headers in its errors.
//
//   Redaction redaction(provider, key);
//   redaction.Mask(response);                  // before it is read: no part of a key is cut off
//   redaction.Mask(failure); redaction.Mask(reply);  // after: what was written with escapes
//
// Thread-safety: one thread. Lifetime: overwrites its copies of the key when it is let go.
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
  // A shorter key is none that could be kept secret, and would take words out of messages.
  static constexpr size_t kLeast = 6;

  Redaction(const v1::Provider& provider, absl::string_view key);
  ~Redaction();
  Redaction(const Redaction&) = delete;
  Redaction& operator=(const Redaction&) = delete;

  // Writes asterisks over the key. The body of a 2xx, which is the caller's, is left as it is; its
  // headers are not.
  void Mask(http::Response& response) const;
  // The body of any status. Returns whether the key was in it.
  bool MaskBody(http::Response& response) const;
  void Mask(mapping::Failure& failure) const;
  // What a reply tells beside its message: trace id, texts that were not understood.
  void Mask(mapping::Reply& reply, const http::Response& response) const;

 private:
  bool MaskText(std::string& text) const;

  // The key, and the forms that it may come back in.
  absl::InlinedVector<std::string, 2> forms_;
};

}  // namespace gateway

#endif  // UPSTREAM_REDACTION_H_
