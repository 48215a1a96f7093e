// Makes the verifiers of webhooks from their configuration.
//
// Thread-safety: may be called from any thread; reads the secrets' files.
#ifndef SERVICE_GENERATION_WEBHOOKS_H_
#define SERVICE_GENERATION_WEBHOOKS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "upstream/webhooks/parse_event.h"

namespace gateway {

// Reads the secrets from their files and environment variables. Errors begin with the configuration
// key at fault: "providers.paynow.secrets.old.file: ...". `schemes` must outlive the settings.
absl::StatusOr<std::shared_ptr<const webhooks::Settings>> LoadWebhooks(
    const WebhooksConfig& config, const webhooks::Schemes& schemes);

}  // namespace gateway

#endif  // SERVICE_GENERATION_WEBHOOKS_H_
