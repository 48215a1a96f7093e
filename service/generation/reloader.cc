#include "service/generation/reloader.h"

#include <string.h>

#include <set>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "service/config/read_file.h"
#include "service/generation/secret_files.h"
#include "service/log/log.h"

namespace gateway {
namespace {

constexpr absl::Duration kBetweenQuestions = absl::Seconds(1);
// If the files change during so many reads in a row, they are taken as they were read last.
constexpr int kMostTorn = 10;

std::vector<std::string> FilesOf(const Config& config) {
  const std::set<std::string> watched = WatchedFilesOf(config);
  std::vector<std::string> files(watched.begin(), watched.end());
  files.push_back(config.file);
  return files;
}

// Returns the present text of the configuration's own file.
std::optional<std::string> TextOf(const Config& config) {
  return config.file.empty() ? config.text : ReadFile(config.file);
}

absl::StatusOr<Config> Parse(const Config& present, const std::optional<std::string>& text) {
  if (present.file.empty()) return present;
  if (!text) return absl::NotFoundError(absl::StrCat("the file ", WhyUnreadable(present.file)));
  return ParseConfig(present.file, *text, present.mode);
}

// The fingerprint of the files and of `text`, which stands for the configuration's own text.
size_t FingerprintWith(const Config& config, const std::optional<std::string>& text) {
  size_t print = absl::HashOf(text.value_or(""));
  for (const std::string& file : WatchedFilesOf(config)) {
    std::optional<std::string> held = ReadFile(file);
    print = absl::HashOf(print, file, held ? absl::string_view(*held) : "");
    if (held) explicit_bzero(held->data(), held->size());  // it may be a key
  }
  return print;
}

}  // namespace

size_t Reloader::Fingerprint(const Config& config) { return FingerprintWith(config, config.text); }

Reloader::Reloader(Slot<Generation>& in_force, size_t fingerprint, const Protos& protos,
                   std::function<void(const Generation&)> on_set)
    : in_force_(in_force),
      protos_(protos),
      on_set_(std::move(on_set)),
      seen_(fingerprint),
      thread_([this] { Run(); }) {}

Reloader::~Reloader() {
  watch_.Stop();
  thread_.join();
}

void Reloader::Run() {
  do {
    if (Watch() || Asked()) LookForChanges();
    Answer();
    in_force_.Reap();
  } while (watch_.Await());
}

// Returns whether there is a configuration's file to watch.
bool Reloader::Watch() {
  const std::shared_ptr<const Generation> present = in_force_.Get();
  if (present->config.file.empty()) return false;
  watch_.Watch(FilesOf(present->config));
  return true;
}

bool Reloader::Asked() {
  const MutexLock lock(mutex_);
  return !questions_.empty();
}

void Reloader::LookForChanges() {
  const std::shared_ptr<const Generation> present = in_force_.Get();
  const std::optional<std::string> text = TextOf(present->config);
  const size_t print = FingerprintWith(present->config, text);
  if (print == seen_) return;
  absl::StatusOr<std::shared_ptr<const Generation>> next;
  const absl::StatusOr<Config> config = Parse(present->config, text);
  size_t print_of_next = print;
  if (config.ok()) {
    print_of_next = Fingerprint(*config);
    next = Load(*config, protos_, present.get());
  } else {
    next = config.status();
  }
  const Config& read = config.ok() ? *config : present->config;
  const bool torn = FingerprintWith(present->config, TextOf(present->config)) != print ||
                    FingerprintWith(read, TextOf(read)) != print_of_next;
  if (torn && ++torn_ < kMostTorn) return watch_.Wake();
  torn_ = 0;
  seen_ = next.ok() ? print_of_next : print;
  if (next.ok()) {
    Accept(*std::move(next));
  } else {
    Refuse(present, next.status());
  }
}

void Reloader::Accept(std::shared_ptr<const Generation> next) {
  Set(next);
  security_files_.AllGood();
  ++counters_.applied;
  WarnOfReadableSecrets(next->config);
  Log(Severity::kInfo, "configuration reloaded", {{"file", next->config.file}});
}

void Reloader::Refuse(const std::shared_ptr<const Generation>& present,
                      const absl::Status& reason) {
  std::shared_ptr<const Generation> next = security_files_.Withdraw(present, *protos_.routes);
  if (next != present) Set(std::move(next));
  ++counters_.refused;
  Log(Severity::kError, "changed configuration refused; the old one stays in force",
      {{"file", present->config.file}, {"reason", std::string(reason.message())}});
}

void Reloader::Set(std::shared_ptr<const Generation> next) {
  on_set_(*next);
  in_force_.Set(std::move(next));
}

void Reloader::Renew(const Upstream& upstream, std::shared_ptr<const Credentials> refused,
                     Done done) {
  std::shared_ptr<const Credentials> keys = KeysInForce(upstream);
  if (keys == refused) {
    const SteadyTime now = SteadyTime::Now();
    const MutexLock lock(mutex_);
    if (!questions_.empty() || now - asked_ >= kBetweenQuestions) {
      if (questions_.empty()) asked_ = now;
      questions_.push_back({&upstream, std::move(done)});
      return watch_.Wake();
    }
  }
  done(std::move(keys));
}

void Reloader::Answer() {
  std::vector<Question> questions;
  {
    const MutexLock lock(mutex_);
    questions.swap(questions_);
  }
  for (const Question& question : questions) question.done(KeysInForce(*question.upstream));
}

// Returns null if the upstream has been replaced: the new upstream's keys are not for the old one.
std::shared_ptr<const Credentials> Reloader::KeysInForce(const Upstream& upstream) const {
  const std::shared_ptr<const Generation> present = in_force_.Get();
  for (const UpstreamAccess& access : present->upstreams) {
    if (&access.client->upstream() == &upstream) return access.credentials;
  }
  return nullptr;
}

}  // namespace gateway
