// From the configuration of webhooks to what verifies them.
//
// Thread-safety: may be called from any thread; reads the secrets' files.
#ifndef SERVICE_GENERATION_WEBHOOKS_H_
#define SERVICE_GENERATION_WEBHOOKS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "upstream/webhooks/parse_event.h"

namespace gateway {

// With the secrets as their files and variables hold them now. Errors begin with the key:
// "providers.paynow.secrets.old.file: ...". `schemes` outlive the settings.
absl::StatusOr<std::shared_ptr<const webhooks::Settings>> LoadWebhooks(
    const WebhooksConfig& config, const webhooks::Schemes& schemes);

}  // namespace gateway

#endif  // SERVICE_GENERATION_WEBHOOKS_H_
