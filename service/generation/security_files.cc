#include "service/generation/security_files.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/authorization/settings.h"
#include "service/config/read_file.h"
#include "service/log/log.h"

namespace gateway {

void SecurityFiles::Reload(const Config& config) {
  const authorization::Config& files = config.authorization;
  if (files.enabled()) {
    Reload(policy_, files.policy_file, [&](const std::string& text) {
      return authorization::ApplyPolicy(files, text, authorizer_);
    });
  }
  if (!files.jwt.jwks_file.empty()) {
    Reload(keys_, files.jwt.jwks_file, [&](const std::string& text) {
      return authorization::ApplyKeys(files, text, authorizer_);
    });
  }
  if (tls_ != nullptr && !config.server.tls.client_ca_file.empty()) {
    Reload(client_ca_, config.server.tls.client_ca_file,
           [&](const std::string& text) { return ApplyClientCa(text); });
  }
}

void SecurityFiles::Reload(Part& part, const std::string& file,
                           const std::function<absl::Status(const std::string& text)>& apply) {
  const std::optional<std::string> text = ReadFile(file);
  const std::string seen = text.value_or("");
  if (seen == part.seen) return;
  const bool first = !part.seen.has_value();
  part.seen = seen;
  const absl::Status status = text ? apply(*text) : absl::NotFoundError("cannot be read");
  part.refused = !status.ok();
  if (status.ok()) {
    if (first) return;
    Log(Severity::kInfo, "a file by which rights are given or withdrawn is in force",
        {{"part", part.name}, {"file", file}});
  } else {
    Log(Severity::kError, "rights may not have been withdrawn: a changed file is refused",
        {{"part", part.name}, {"file", file}, {"reason", std::string(status.message())}});
  }
}

absl::Status SecurityFiles::ApplyClientCa(const std::string& text) {
  const std::shared_ptr<const TlsMaterial> present = tls_->Get();
  if (present->client_cas == text) return absl::OkStatus();
  absl::StatusOr<std::shared_ptr<const TlsMaterial>> changed = WithClientCas(*present, text);
  if (!changed.ok()) return changed.status();
  authorizer_.SetClientAuthorities(text);
  tls_->Set(*std::move(changed));
  return absl::OkStatus();
}

}  // namespace gateway
