#include "service/telemetry/audit_log.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "service/telemetry/append_file.h"

namespace gateway {
namespace {

// The limit for any text that comes from outside.
constexpr size_t kMaxText = 500;

std::string Reason(int error) {
  char buffer[128];
  return strerror_r(error, buffer, sizeof(buffer));
}

absl::Status CannotBeWritten(int error) {
  return absl::UnavailableError(absl::StrCat("cannot be written: ", Reason(error)));
}

std::string Sha256(absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1) return "";
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), size));
}

std::string LineOf(const AuditRecord& record, uint64_t left_out) {
  const auto text = [](absl::string_view from) { return std::string(from.substr(0, kMaxText)); };
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", record.time, absl::UTCTimeZone());
  line["caller"] = text(record.caller);
  line["method"] = text(record.method);
  if (!record.store.empty()) line["store"] = text(record.store);
  line["outcome"] = text(record.outcome);
  line["code"] = record.code;
  if (record.http_status != 0) line["http_status"] = record.http_status;
  if (!record.upstream_trace_id.empty()) line["upstream_trace_id"] = text(record.upstream_trace_id);
  line["attempts"] = record.attempts;
  if (!record.rule.empty()) line["rule"] = text(record.rule);
  if (!record.identity.empty()) line["identity"] = text(record.identity);
  if (!record.token_issuer.empty()) line["token_issuer"] = text(record.token_issuer);
  if (!record.token_subject.empty()) line["token_subject"] = text(record.token_subject);
  if (record.certificate != nullptr) {
    line["certificate_serial"] = record.certificate->serial;
    line["certificate_issuer"] = text(record.certificate->issuer);
    line["certificate_subject"] = text(record.certificate->subject);
  }
  if (!record.peer.empty()) line["peer"] = record.peer;
  if (!record.ids.trace_id.empty()) line["trace_id"] = record.ids.trace_id;
  if (!record.ids.request_id.empty()) line["request_id"] = record.ids.request_id;
  if (!record.ledger_entry.empty()) line["ledger_entry"] = record.ledger_entry;
  if (!record.idempotency_key.empty()) {
    line["idempotency_key_sha256"] = Sha256(record.idempotency_key);
  }
  if (left_out != 0) line["left_out"] = left_out;
  return line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& file) {
  const int fd = OpenForAppend(file);
  if (fd < 0) return CannotBeWritten(errno);
  return std::unique_ptr<AuditLog>(new AuditLog(file, fd));
}

absl::Status AuditLog::Check(const std::string& file) {
  const int error = WhyNotForAppend(file);
  return error == 0 ? absl::OkStatus() : CannotBeWritten(error);
}

AuditLog::AuditLog(std::string file, int fd)
    : file_(std::move(file)), fd_(fd), thread_([this] { Run(); }) {}

AuditLog::~AuditLog() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyOne();
  thread_.join();
  if (fd_ >= 0) close(fd_);
}

void AuditLog::Write(const AuditRecord& record) {
  std::optional<uint64_t> left_out = 0;
  if (!record.sent) left_out = not_sent_.Pass();
  if (!left_out) {
    ++left_out_;
    return;
  }
  std::string line = LineOf(record, *left_out);
  {
    const MutexLock lock(mutex_);
    if (queue_.size() >= kMostQueued) {
      ++dropped_;
      return;
    }
    queue_.push_back(std::move(line));
  }
  changed_.NotifyOne();
}

void AuditLog::Run() {
  std::vector<std::string> lines;
  while (true) {
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && queue_.empty()) changed_.Wait(mutex_);
      if (queue_.empty()) return;
      lines.swap(queue_);
    }
    ReopenIfMoved();
    for (const std::string& line : lines) WriteLine(line);
    lines.clear();
  }
}

void AuditLog::WriteLine(const std::string& line) {
  if (fd_ < 0) return Lost("it cannot be opened");
  size_t done = 0;
  const PatientWriter::Result result = writer_.Write(fd_, line, done);
  if (result != PatientWriter::kWritten) {
    return Lost(result == PatientWriter::kNoRoom ? "nobody reads it" : Reason(errno));
  }
  ++written_;
  if (!std::exchange(failing_, false)) return;
  Log(Severity::kInfo, "the audit log is written again",
      {{"file", file_}, {"lines_lost_so_far", static_cast<int64_t>(dropped_.load())}});
}

void AuditLog::ReopenIfMoved() {
  struct stat ours;
  struct stat named;
  const bool same = fd_ >= 0 && fstat(fd_, &ours) == 0 && stat(file_.c_str(), &named) == 0 &&
                    ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
  if (same) return;
  const int fresh = OpenForAppend(file_);
  if (fresh < 0) return;  // keeps writing to the old file, whatever its name is now
  if (fd_ >= 0) close(fd_);
  fd_ = fresh;
  writer_.Restart();
}

void AuditLog::Lost(const std::string& reason) {
  ++dropped_;
  if (std::exchange(failing_, true)) return;
  Log(Severity::kError, "audit lines are lost", {{"file", file_}, {"reason", reason}});
}

}  // namespace gateway
