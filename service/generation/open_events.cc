#include "service/generation/open_events.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/config/prefixed.h"
#include "service/events/postgresql/log.h"
#include "service/events/sqlite/log.h"
#include "service/generation/check_store.h"
#include "service/generation/open_store.h"
#include "service/generation/store_secrets.h"
#include "service/log/log.h"

namespace gateway {
namespace {

struct Keys {
  std::string current;
  std::string previous;  // "": none
};

std::string BodyKeyBeside(const EventsConfig& config) { return config.file + ".body-key"; }

absl::StatusOr<Keys> ReadKeys(const EventsConfig& config) {
  auto current = StoreSecretOr("body_key_file", config.body_key_file, BodyKeyBeside(config));
  if (!current.ok()) return current.status();
  Keys keys{CipherKeyOf(*current), ""};
  if (config.previous_body_key_file.empty()) return keys;
  auto previous = ReadStoreSecret("previous_body_key_file", config.previous_body_key_file);
  if (!previous.ok()) return previous.status();
  keys.previous = CipherKeyOf(*previous);
  return keys;
}

events::Subscription SubscriptionOf(const std::string& name, const SubscriptionConfig& config) {
  events::Subscription subscription;
  subscription.name = name;
  subscription.filter.providers.insert(config.providers.begin(), config.providers.end());
  subscription.filter.types.insert(config.types.begin(), config.types.end());
  subscription.filter.stores.insert(config.stores.begin(), config.stores.end());
  subscription.ack_deadline = config.ack_deadline;
  subscription.max_attempts = config.max_attempts;
  subscription.ordered = config.ordered;
  return subscription;
}

// The log's own time for an event, in addition to the timeout of the hand-over.
constexpr absl::Duration kForwardMargin = absl::Seconds(30);

events::Subscription SubscriptionOf(const std::string& name, const ForwardConfig& config) {
  SubscriptionConfig subscription;
  subscription.providers = config.providers;
  subscription.types = config.types;
  subscription.stores = config.stores;
  subscription.ack_deadline = config.timeout + kForwardMargin;
  subscription.max_attempts = config.max_attempts;
  subscription.ordered = config.ordered;
  return SubscriptionOf(name, subscription);
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventsInUse>> OpenEvents(const EventsConfig& config) {
  if (!config.file.empty()) {
    if (absl::Status status = MakeStoreFolder(config.file); !status.ok()) return status;
  }
  auto keys = ReadKeys(config);
  if (!keys.ok()) return keys.status();
  auto in_use = std::make_unique<EventsInUse>();
  auto cipher = ledger::ReplyCipher::Create(keys->current, keys->previous);
  if (!cipher.ok()) return Prefixed("body_key_file: ", cipher.status());
  in_use->cipher = *std::move(cipher);
  events::Options options;
  options.keep = config.keep;
  options.on_event = [](absl::string_view event, absl::string_view reason) {
    Log(Severity::kWarning, absl::StrCat("events: ", event), {{"reason", std::string(reason)}});
  };
  for (const auto& [name, subscription] : config.subscriptions) {
    in_use->subscriptions.emplace(name, SubscriptionOf(name, subscription));
  }
  for (const auto& [name, forward] : config.forward) {
    in_use->subscriptions.emplace(name, SubscriptionOf(name, forward));
  }
  for (const auto& [name, subscription] : in_use->subscriptions) {
    options.subscriptions.push_back(subscription);
  }
  auto log = OpenStore<events::EventLog, events::SqliteEventLog, events::PostgresqlEventLog>(
      config, std::move(options));
  if (!log.ok()) return log.status();
  in_use->log = *std::move(log);
  return in_use;
}

absl::Status RenewBodyKeys(const EventsConfig& config, EventsInUse& events) {
  const auto keys = ReadKeys(config);
  if (!keys.ok()) return keys.status();
  return events.cipher->Replace(keys->current, keys->previous);
}

absl::Status CheckEvents(const EventsConfig& config) {
  for (const auto& [key, file] :
       {std::pair("body_key_file", &config.body_key_file),
        std::pair("previous_body_key_file", &config.previous_body_key_file)}) {
    if (file->empty()) continue;
    if (auto secret = ReadStoreSecret(key, *file); !secret.ok()) return secret.status();
  }
  return CheckDsn(config.dsn_file);
}

absl::Status CheckEventsFile(const EventsConfig& config) {
  return CheckSqliteStore(config.file,
                          {{"body_key_file", config.body_key_file, BodyKeyBeside(config)}});
}

}  // namespace gateway
