// What the protos say about the providers, compiled once at start: how calls are mapped, and how
// webhooks are signed.
//
// Thread-safety: immutable. Lifetime: must outlive every generation that is loaded with it.
#ifndef SERVICE_GENERATION_PROTOS_H_
#define SERVICE_GENERATION_PROTOS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/route.h"
#include "upstream/webhooks/facts.h"
#include "upstream/webhooks/scheme.h"

namespace gateway {

struct Protos {
  // `config` may override what the files say about a provider. Errors: INVALID_ARGUMENT, naming the
  // file and what is wrong.
  static absl::StatusOr<Protos> Compile(const Config& config, const mapping::Files& files);

  std::unique_ptr<const mapping::RouteTable> routes;  // never null
  webhooks::Schemes schemes;
  webhooks::Facts facts;
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_PROTOS_H_
