#include "service/generation/reloader.h"

#include <set>
#include <utility>

#include "absl/hash/hash.h"
#include "service/config/read_file.h"
#include "service/generation/secret_files.h"
#include "service/log/log.h"

namespace gateway {

namespace {

std::vector<std::string> FilesOf(const Config& config) {
  const std::set<std::string> watched = WatchedFilesOf(config);
  std::vector<std::string> files(watched.begin(), watched.end());
  files.push_back(config.file);
  return files;
}

// With this text in place of the configuration's own.
size_t FingerprintWith(const Config& config, const std::string& text) {
  size_t print = absl::HashOf(text);
  for (const std::string& file : WatchedFilesOf(config)) {
    print = absl::HashOf(print, file, ReadFile(file).value_or(""));
  }
  return print;
}

}  // namespace

size_t Reloader::Fingerprint(const Config& config) { return FingerprintWith(config, config.text); }

Reloader::Reloader(const Config& config, size_t fingerprint, Withdraw withdraw, Apply apply,
                   std::function<void()> tick, ReloadCounters& counters)
    : config_(config),
      withdraw_(std::move(withdraw)),
      apply_(std::move(apply)),
      tick_(std::move(tick)),
      counters_(counters),
      seen_(fingerprint),
      thread_([this] { Run(); }) {}

Reloader::~Reloader() {
  watch_.Stop();
  thread_.join();
}

void Reloader::Run() {
  do {
    watch_.Watch(FilesOf(config_));
    LookForChanges();
    tick_();
  } while (watch_.Await());
}

void Reloader::LookForChanges() {
  const std::optional<std::string> text = ReadFile(config_.file);
  const size_t present = FingerprintWith(config_, text.value_or(""));
  if (present == seen_) return;
  seen_ = present;
  withdraw_(config_);
  const absl::Status status = Reload(text);
  if (status.ok()) {
    ++counters_.applied;
    WarnOfReadableSecrets(config_);
    Log(Severity::kInfo, "configuration reloaded", {{"file", config_.file}});
  } else {
    ++counters_.refused;
    Log(Severity::kError, "changed configuration refused; the old one stays in force",
        {{"file", config_.file}, {"reason", std::string(status.message())}});
  }
}

absl::Status Reloader::Reload(const std::optional<std::string>& text) {
  if (!text) return absl::NotFoundError("the file cannot be read");
  absl::StatusOr<Config> config = ParseConfig(config_.file, *text);
  if (!config.ok()) return config.status();
  const size_t print = Fingerprint(*config);  // before the keys are read for good
  if (absl::Status status = apply_(*config); !status.ok()) return status;
  seen_ = print;
  config_ = *std::move(config);
  return absl::OkStatus();
}

}  // namespace gateway
