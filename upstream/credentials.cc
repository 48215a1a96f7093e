#include "upstream/credentials.h"

#include <string.h>

#include <utility>

namespace gateway {
namespace {

constexpr absl::Duration kReloadInterval = absl::Seconds(1);

}  // namespace

Credentials::Credentials(std::string default_key,
                         absl::flat_hash_map<std::string, std::string> store_keys)
    : default_key_(std::move(default_key)), store_keys_(std::move(store_keys)) {}

Credentials::~Credentials() {
  explicit_bzero(default_key_.data(), default_key_.size());
  for (auto& [store, key] : store_keys_) explicit_bzero(key.data(), key.size());
}

absl::string_view Credentials::KeyFor(absl::string_view store) const {
  const auto found = store_keys_.find(store);
  return found == store_keys_.end() ? default_key_ : found->second;
}

CredentialStore::CredentialStore(Credentials credentials, Load load)
    : load_(std::move(load)),
      current_(std::make_shared<const Credentials>(std::move(credentials))) {}

std::shared_ptr<const Credentials> CredentialStore::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void CredentialStore::Replace(Credentials credentials) {
  auto fresh = std::make_shared<const Credentials>(std::move(credentials));
  const std::lock_guard lock(mutex_);
  current_ = std::move(fresh);
}

bool CredentialStore::HasNewer(absl::string_view store, absl::string_view key, SteadyTime now) {
  // Held while reading: others that were refused wait for the same answer.
  const std::lock_guard lock(mutex_);
  if (current_->KeyFor(store) != key) return true;
  if (!load_ || now - loaded_ < kReloadInterval) return false;
  loaded_ = now;
  absl::StatusOr<Credentials> fresh = load_();
  if (!fresh.ok()) return false;
  current_ = std::make_shared<const Credentials>(*std::move(fresh));
  return current_->KeyFor(store) != key;
}

}  // namespace gateway
