#include "service/generation/open_ledger.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/config/config.h"
#include "service/config/prefixed.h"
#include "service/generation/check_store.h"
#include "service/generation/open_store.h"
#include "service/generation/store_secrets.h"
#include "service/ledger/postgresql/ledger.h"
#include "service/ledger/reply_cipher.h"
#include "service/ledger/sqlite/ledger.h"
#include "service/log/log.h"

namespace gateway {
namespace {

struct Secrets {
  std::string fingerprint;
  std::string reply_key;
  std::string previous_reply_key;  // "": none
};

std::string SecretBeside(const LedgerConfig& config) { return config.file + ".secret"; }
std::string ReplyKeyBeside(const LedgerConfig& config) { return config.file + ".reply-key"; }

absl::StatusOr<Secrets> ReadSecrets(const LedgerConfig& config) {
  Secrets secrets;
  auto fingerprint = StoreSecretOr("secret_file", config.secret_file, SecretBeside(config));
  if (!fingerprint.ok()) return fingerprint.status();
  secrets.fingerprint = *std::move(fingerprint);
  auto reply_key = StoreSecretOr("reply_key_file", config.reply_key_file, ReplyKeyBeside(config));
  if (!reply_key.ok()) return reply_key.status();
  secrets.reply_key = *std::move(reply_key);
  if (config.previous_reply_key_file.empty()) return secrets;
  auto previous = ReadStoreSecret("previous_reply_key_file", config.previous_reply_key_file);
  if (!previous.ok()) return previous.status();
  secrets.previous_reply_key = *std::move(previous);
  return secrets;
}

absl::StatusOr<ledger::Options> OptionsOf(const LedgerConfig& config, const Secrets& secrets) {
  ledger::Options options;
  auto cipher = ledger::ReplyCipher::Create(CipherKeyOf(secrets.reply_key),
                                            CipherKeyOf(secrets.previous_reply_key));
  if (!cipher.ok()) return Prefixed("reply_key_file: ", cipher.status());
  options.cipher = *std::move(cipher);
  options.keep_reply = config.keep_replies;
  options.keep_entry = config.keep_entries;
  options.on_event = [](absl::string_view event, absl::string_view reason) {
    Log(Severity::kWarning, absl::StrCat("ledger: ", event), {{"reason", std::string(reason)}});
  };
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LedgerInUse>> OpenLedger(const LedgerConfig& config) {
  if (!config.file.empty()) {
    if (absl::Status status = MakeStoreFolder(config.file); !status.ok()) return status;
  }
  auto secrets = ReadSecrets(config);
  if (!secrets.ok()) return secrets.status();
  auto fingerprinter = ledger::Fingerprinter::Create(secrets->fingerprint);
  if (!fingerprinter.ok()) return Prefixed("secret_file: ", fingerprinter.status());
  auto options = OptionsOf(config, *secrets);
  if (!options.ok()) return options.status();
  auto in_use = std::make_unique<LedgerInUse>(*std::move(fingerprinter));
  in_use->cipher = options->cipher;
  auto store = OpenStore<ledger::Ledger, ledger::SqliteLedger, ledger::PostgresqlLedger>(
      config, *std::move(options));
  if (!store.ok()) return store.status();
  for (const std::string& rpc : config.require_key) {
    if (rpc == "*") in_use->all_writes_require_key = true;
    in_use->require_key.insert(rpc);
  }
  in_use->ledger = *std::move(store);
  return in_use;
}

absl::Status RenewReplyKeys(const LedgerConfig& config, LedgerInUse& ledger) {
  const auto secrets = ReadSecrets(config);
  if (!secrets.ok()) return secrets.status();
  return ledger.cipher->Replace(CipherKeyOf(secrets->reply_key),
                                CipherKeyOf(secrets->previous_reply_key));
}

absl::Status CheckLedger(const LedgerConfig& config) {
  for (const auto& [key, file] :
       {std::pair("secret_file", &config.secret_file),
        std::pair("reply_key_file", &config.reply_key_file),
        std::pair("previous_reply_key_file", &config.previous_reply_key_file)}) {
    if (file->empty()) continue;
    if (auto secret = ReadStoreSecret(key, *file); !secret.ok()) return secret.status();
  }
  return CheckDsn(config.dsn_file);
}

absl::Status CheckLedgerFile(const LedgerConfig& config) {
  return CheckSqliteStore(config.file,
                          {{"secret_file", config.secret_file, SecretBeside(config)},
                           {"reply_key_file", config.reply_key_file, ReplyKeyBeside(config)}});
}

}  // namespace gateway
