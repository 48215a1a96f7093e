// How each provider signs its webhooks, as its protos say (gateway.signing.v1.scheme). There is no
// code for any one provider.
//
//   absl::StatusOr<Schemes> schemes = Schemes::Read(mapping::EmbeddedFiles());
//   const Scheme* const scheme = schemes->Find("paynow");
//
// Thread-safety: immutable, may be used from any thread. Lifetime: points into the options of the
// files, which live for ever (mapping/descriptors.h).
#ifndef UPSTREAM_WEBHOOKS_SCHEME_H_
#define UPSTREAM_WEBHOOKS_SCHEME_H_

#include <google/protobuf/descriptor.h>

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/signing/v1/scheme.pb.h"

namespace gateway::webhooks {

using signing::v1::Scheme;

class Schemes {
 public:
  using ByProvider = std::map<std::string, const Scheme*, std::less<>>;

  // INVALID_ARGUMENT names the file and what is wrong with its option.
  static absl::StatusOr<Schemes> Read(
      absl::Span<const google::protobuf::FileDescriptor* const> files);

  // Null if no file has a scheme of this provider.
  const Scheme* Find(absl::string_view provider) const;

  const ByProvider& by_provider() const { return by_provider_; }

 private:
  ByProvider by_provider_;
};

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_SCHEME_H_
