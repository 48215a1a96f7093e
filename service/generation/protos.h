// What the protos say of the providers, compiled once at start: how calls are mapped, and how
// webhooks are signed.
//
// Thread-safety: immutable. Lifetime: outlives every generation that is loaded with it.
#ifndef SERVICE_GENERATION_PROTOS_H_
#define SERVICE_GENERATION_PROTOS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/route.h"
#include "upstream/webhooks/scheme.h"

namespace gateway {

struct Protos {
  // `config` may override what the files say of a provider. INVALID_ARGUMENT names the file and
  // what does not fit.
  static absl::StatusOr<Protos> Compile(const Config& config, const mapping::Files& files);

  std::unique_ptr<const mapping::RouteTable> routes;  // never null
  webhooks::Schemes schemes;
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_PROTOS_H_
