// From the configuration of webhooks to what verifies them, and its exchange while calls are under
// way: each call keeps the settings that it began with.
//
// Thread-safety: LoadWebhooks is a function of the configuration and the secrets' files; a
// WebhookSlot may be used from any thread.
#ifndef SERVICE_GENERATION_WEBHOOKS_H_
#define SERVICE_GENERATION_WEBHOOKS_H_

#include <memory>
#include <mutex>

#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "upstream/webhooks/parse_event.h"

namespace gateway {

// With the secrets as their files and variables hold them now. Errors name file and key:
// "gateway.json: webhooks.providers.paynow.secrets.old.file: ...".
absl::StatusOr<std::shared_ptr<const webhooks::Settings>> LoadWebhooks(const Config& config);

// Until something is set, no provider is configured.
class WebhookSlot {
 public:
  void Set(std::shared_ptr<const webhooks::Settings> settings) {
    const std::lock_guard lock(mutex_);
    settings_.swap(settings);
  }

  std::shared_ptr<const webhooks::Settings> Get() const {
    const std::lock_guard lock(mutex_);
    return settings_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const webhooks::Settings> settings_ =
      std::make_shared<webhooks::Settings>();  // guarded by mutex_
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_WEBHOOKS_H_
