#include "service/config/observability_config.h"

namespace gateway {

using Section = ConfigReader::Section;

HealthConfig ReadHealth(Section& root) {
  HealthConfig health;
  Section section = root.Child("health", {"What grpc.health.v1 says.", ReloadRule::kRestart});
  section.Read("upstream_readiness",
               "While an upstream seems dead, its name and those of its services are NOT_SERVING; "
               "the process as a whole (the name \"\") never depends on an upstream.",
               health.upstream_readiness);
  return health;
}

LoggingConfig ReadLogging(Section& root) {
  LoggingConfig logging;
  Section section = root.Child("logging", "Lines on standard error, one JSON object each.");
  std::string level(Name(logging.level));
  section.Read("level", "Lines below it are left out: `info`, `warning` or `error`.", level);
  bool known = false;
  for (const Severity severity : {Severity::kInfo, Severity::kWarning, Severity::kError}) {
    if (level != Name(severity)) continue;
    logging.level = severity;
    known = true;
  }
  if (!known) section.Fail("level", "expected info, warning or error");
  section.Read("access_sample_ratio",
               "Share of the calls that go well, 0 to 1, of which there is a line (`info`). Of "
               "those that fail there is always one (`warning`).",
               logging.access_sample_ratio, 0, 1);
  return logging;
}

TracingConfig ReadTracing(Section& root) {
  TracingConfig tracing;
  Section section = root.Child(
      "tracing",
      {"Spans of calls and of their attempts upstream, as OTLP-JSON lines.", ReloadRule::kRestart});
  section.Read("file",
               "File to write them to, for a collector's `otlpjsonfile` receiver; empty: none.",
               tracing.file);
  section.Read("sample_ratio",
               "Share of the traces that begin here, 0 to 1. Others are written as their caller "
               "decided; writes that fail, always.",
               tracing.sample_ratio, 0, 1);
  section.Read("max_file_bytes",
               "At this size the file becomes FILE.1, in place of an earlier one.",
               tracing.max_file_bytes, 65536, int64_t{1} << 40);
  return tracing;
}

}  // namespace gateway
