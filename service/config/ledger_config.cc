#include "service/config/ledger_config.h"

namespace gateway {
namespace {

void CheckStore(ConfigReader::Section& section, const LedgerConfig& ledger) {
  if (section.present() && !ledger.enabled()) {
    section.Fail("", "set either file or postgresql.dsn_file");
  }
  if (!ledger.file.empty() && !ledger.dsn_file.empty()) {
    section.Fail("file", "stands beside postgresql.dsn_file: a ledger has one store");
  }
  if (ledger.dsn_file.empty()) return;
  const char* const kShared = "is required with PostgreSQL: all gateways need the same";
  if (ledger.secret_file.empty()) section.Fail("secret_file", kShared);
  if (ledger.reply_key_file.empty()) section.Fail("reply_key_file", kShared);
}

}  // namespace

LedgerConfig ReadLedger(ConfigReader::Section& root) {
  LedgerConfig ledger;
  ConfigReader::Section section = root.Child(
      "ledger",
      {"The memory for writes with an idempotency key: a repetition is answered from it, and not "
       "sent again. Without it keys go to upstreams that heed them, and are refused elsewhere.",
       ReloadRule::kRestart});
  section.Read("file",
               "File of SQLite, in a folder of its own that nobody else can read; for one gateway.",
               ledger.file);
  {
    ConfigReader::Section postgresql =
        section.Child("postgresql", "For gateways that share a ledger.");
    postgresql.Read("dsn_file", "File with the connection string of PostgreSQL.", ledger.dsn_file);
  }
  section.Read("secret_file",
               "File with at least 32 visible characters, by which requests are compared. Never "
               "change it: keys would look reused. Empty with SQLite: made beside the file.",
               ledger.secret_file);
  section.Read("reply_key_file",
               "File with at least 32 visible characters, by which kept replies are encrypted. "
               "Empty with SQLite: made beside the file.",
               ledger.reply_key_file);
  section.Read("previous_reply_key_file",
               "The key before, while kept replies are still encrypted with it.",
               ledger.previous_reply_key_file);
  section.Read("keep_replies", "How long the reply of a write is kept.", ledger.keep_replies,
               absl::Minutes(1));
  section.Read("keep_entries",
               "How long a key is known at all. An entry whose outcome is unknown stays.",
               ledger.keep_entries, absl::Minutes(1));
  section.Read("max_bytes", "Size of the file of SQLite from which on keys are refused.",
               ledger.max_bytes, int64_t{1} << 20, int64_t{1} << 40);
  section.Read("require_key",
               "RPCs, as `package.Service/Method`, whose calls are refused without a key; `*`: "
               "all writes.",
               ledger.require_key);
  if (ledger.keep_replies > ledger.keep_entries) {
    section.Fail("keep_replies", "is longer than keep_entries");
  }
  CheckStore(section, ledger);
  return ledger;
}

}  // namespace gateway
