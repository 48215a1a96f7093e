#include "upstream/credentials.h"

#include <string.h>

#include <utility>

namespace gateway {

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

}  // namespace gateway
