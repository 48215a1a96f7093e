#include "service/generation/secret_files.h"

#include <sys/stat.h>

#include "service/log/log.h"

namespace gateway {

namespace {

void AddSecretFilesOf(const EventsConfig& events, std::set<std::string>& files) {
  files.insert(events.dsn_file);
  files.insert(events.body_key_file);
  files.insert(events.previous_body_key_file);
  for (const auto& [name, forward] : events.forward) {
    files.insert(forward.http.tls.key_file);
    files.insert(forward.http.proxy.password_file);
    for (const auto& [secret, source] : forward.http.secrets) files.insert(source.file);
    files.insert(forward.nats.tls.key_file);
    files.insert(forward.nats.password_file);
    files.insert(forward.nats.credentials_file);
  }
}

}  // namespace

std::set<std::string> SecretFilesOf(const Config& config) {
  std::set<std::string> files;
  for (const auto& [name, upstream] : config.upstreams) {
    files.insert(upstream.api_key.file);
    files.insert(upstream.tls.key_file);
    files.insert(upstream.proxy.password_file);
    for (const auto& [store, source] : upstream.store_keys) files.insert(source.file);
  }
  for (const auto& [name, webhook] : config.webhooks.providers) {
    for (const auto& [secret, source] : webhook.secrets) files.insert(source.file);
    for (const auto& [account, secrets] : webhook.accounts) {
      for (const auto& [secret, source] : secrets.secrets) files.insert(source.file);
    }
  }
  files.insert(config.server.tls.key_file);
  files.insert(config.webhooks.receiver.key_file);
  for (const std::string* const file :
       {&config.ledger.dsn_file, &config.ledger.secret_file, &config.ledger.reply_key_file,
        &config.ledger.previous_reply_key_file}) {
    files.insert(*file);
  }
  AddSecretFilesOf(config.events, files);
  files.erase("");
  return files;
}

std::set<std::string> WatchedFilesOf(const Config& config) {
  std::set<std::string> files = SecretFilesOf(config);
  files.insert(config.server.tls.certificate_file);
  files.insert(config.webhooks.receiver.certificate_file);
  files.insert(config.server.tls.client_ca_file);
  for (const auto& [domain, file] : config.server.tls.trust_domains) files.insert(file);
  for (const auto& [name, upstream] : config.upstreams) {
    files.insert(upstream.tls.ca_file);
    files.insert(upstream.tls.certificate_file);
  }
  for (const auto& [name, forward] : config.events.forward) {
    files.insert(forward.http.tls.ca_file);
    files.insert(forward.http.tls.certificate_file);
    files.insert(forward.nats.tls.ca_file);
    files.insert(forward.nats.tls.certificate_file);
  }
  files.insert(config.authorization.policy_file);
  files.insert(config.authorization.jwt.jwks_file);
  files.erase("");
  return files;
}

void WarnOfReadableSecrets(const Config& config) {
  for (const std::string& file : SecretFilesOf(config)) {
    struct stat about;
    // A missing file is reported elsewhere, without its name, which may be a key in the wrong
    // place.
    if (stat(file.c_str(), &about) != 0) continue;
    if ((about.st_mode & S_IROTH) != 0) {
      Log(Severity::kWarning, "a secret's file can be read by everybody on this machine",
          {{"file", file}});
    }
    if ((about.st_mode & S_IWOTH) != 0) {
      Log(Severity::kWarning, "a secret's file can be written by everybody on this machine",
          {{"file", file}});
    }
  }
}

}  // namespace gateway
