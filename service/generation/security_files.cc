#include "service/generation/security_files.h"

#include <utility>

#include "service/authorization/settings.h"
#include "service/log/log.h"

namespace gateway {

std::shared_ptr<const Generation> SecurityFiles::Withdraw(
    const std::shared_ptr<const Generation>& present, const mapping::RouteTable& routes) {
  const authorization::Config& files = present->config.authorization;
  const TlsConfig& tls = present->config.server.tls;
  const authorization::Settings& before = *present->authorization;
  auto settings = std::make_shared<authorization::Settings>(before);
  auto next = std::make_shared<Generation>(*present);
  bool changed = false;
  if (files.enabled()) {
    const absl::Status status =
        authorization::LoadPolicy(files, authorization::MethodsOf(routes), *settings);
    changed |= Note(policy_, files.policy_file, settings->policy != before.policy, status);
  }
  if (!files.jwt.jwks_file.empty()) {
    const absl::Status status = authorization::LoadKeys(files, *settings);
    changed |= Note(keys_, files.jwt.jwks_file, settings->tokens != before.tokens, status);
  }
  if (present->tls != nullptr && !tls.client_ca_file.empty()) {
    auto material = LoadClientCas(tls, present->tls);
    if (material.ok()) {
      next->tls = *material;
      authorization::SetClientAuthorities(next->tls->client_cas, *settings);
    }
    changed |= Note(client_ca_, tls.client_ca_file, next->tls != present->tls, material.status());
  }
  if (!changed) return present;
  next->authorization = std::move(settings);
  return next;
}

void SecurityFiles::AllGood() {
  for (Part* const part : {&policy_, &keys_, &client_ca_}) part->refused = false;
}

bool SecurityFiles::Note(Part& part, const std::string& file, bool changed,
                         const absl::Status& status) {
  part.refused = !status.ok();
  if (!status.ok()) {
    Log(Severity::kError, "rights may not have been withdrawn: a changed file is refused",
        {{"part", part.name}, {"file", file}, {"reason", std::string(status.message())}});
  } else if (changed) {
    Log(Severity::kInfo, "a file by which rights are given or withdrawn is in force",
        {{"part", part.name}, {"file", file}});
  }
  return changed && status.ok();
}

}  // namespace gateway
