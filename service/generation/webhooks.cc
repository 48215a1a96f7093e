#include "service/generation/webhooks.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/config/prefixed.h"
#include "upstream/webhooks/scheme.h"

namespace gateway {
namespace {

using webhooks::Settings;
using webhooks::Verifier;

absl::StatusOr<Verifier> MakeVerifier(const webhooks::Scheme* scheme,
                                      const WebhookSecrets& webhook) {
  if (scheme == nullptr) {
    return absl::InvalidArgumentError(": no webhooks are known of a provider of this name");
  }
  if (!scheme->has_signature() && !webhook.allow_unsigned) {
    return absl::InvalidArgumentError(
        ".allow_unsigned: this provider documents no signature: without it every webhook is "
        "refused");
  }
  Verifier::Options options;
  options.max_age = webhook.max_age;
  options.allow_unsigned = webhook.allow_unsigned;
  options.secrets.reserve(webhook.secrets.size());
  for (const auto& [name, source] : webhook.secrets) {
    absl::StatusOr<std::string> secret = ReadKey(source);
    if (!secret.ok()) return Prefixed(absl::StrCat(".secrets.", name, "."), secret.status());
    options.secrets.push_back(*std::move(secret));
  }
  absl::StatusOr<Verifier> verifier = Verifier::Create(*scheme, std::move(options));
  if (!verifier.ok()) return Prefixed(": ", verifier.status());
  return verifier;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Settings>> LoadWebhooks(const WebhooksConfig& config,
                                                             const webhooks::Schemes& schemes) {
  auto settings = std::make_shared<Settings>();
  settings->max_body_bytes = config.max_body_bytes;
  for (const auto& [provider, webhook] : config.providers) {
    const webhooks::Scheme* const scheme = schemes.Find(provider);
    if (webhook.has_own()) {
      absl::StatusOr<Verifier> verifier = MakeVerifier(scheme, webhook);
      if (!verifier.ok()) {
        return Prefixed(absl::StrCat("providers.", provider), verifier.status());
      }
      settings->providers.emplace(provider, *std::move(verifier));
    }
    for (const auto& [account, secrets] : webhook.accounts) {
      absl::StatusOr<Verifier> verifier = MakeVerifier(scheme, secrets);
      if (!verifier.ok()) {
        return Prefixed(absl::StrCat("providers.", provider, ".accounts.", account),
                        verifier.status());
      }
      settings->accounts.emplace(absl::StrCat(provider, "/", account), *std::move(verifier));
    }
  }
  return settings;
}

}  // namespace gateway
