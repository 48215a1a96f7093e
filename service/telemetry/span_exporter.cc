#include "service/telemetry/span_exporter.h"

#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

#include "absl/time/clock.h"
#include "service/log/log.h"
#include "service/version.h"

namespace gateway {
namespace {

constexpr absl::Duration kBetweenLines = absl::Minutes(1);

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

// Keeps SIGPIPE from ending the process when the reader of a pipe goes away. Applies to the calling
// thread.
void BlockBrokenPipes() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SpanExporter>> SpanExporter::Create(const TracingConfig& config,
                                                                   const BatcherOptions& options) {
  auto file = SpanFile::Open(config.file, config.max_file_bytes);
  if (!file.ok()) return file.status();
  return std::unique_ptr<SpanExporter>(new SpanExporter(*std::move(file), options));
}

SpanExporter::SpanExporter(std::unique_ptr<SpanFile> file, const BatcherOptions& options)
    : resource_{std::string(kVersion), HostName()},
      file_(std::move(file)),
      log_(kBetweenLines),
      batcher_(options, [this](std::vector<CallSpan>& batch) { Write(batch); }) {}

bool SpanExporter::WantsNotSent() {
  if (not_sent_.Pass()) return true;
  left_out_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

void SpanExporter::Write(const std::vector<CallSpan>& batch) {
  BlockBrokenPipes();
  if (file_->Write(OtlpLine(resource_, batch))) {
    exported_.fetch_add(batch.size(), std::memory_order_relaxed);
    return;
  }
  unwritten_.fetch_add(batch.size(), std::memory_order_relaxed);
  if (log_.Pass("", absl::Now())) {
    Log(Severity::kError, "spans are lost", {{"reason", file_->reason()}});
  }
}

}  // namespace gateway
