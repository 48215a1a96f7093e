#include "service/port/probes.h"

#include <optional>

#include "absl/strings/strip.h"

namespace gateway {

PlainHttp::Answer AnswerProbe(absl::string_view path, const HealthService& health) {
  if (path == "/healthz") return {200, "ok\n"};
  if (!absl::ConsumePrefix(&path, "/readyz")) return PlainHttp::NotFound();
  if (!path.empty() && !absl::ConsumePrefix(&path, "/")) return PlainHttp::NotFound();
  const std::optional<bool> serving = health.Get(path);
  if (!serving) return PlainHttp::NotFound();
  return *serving ? PlainHttp::Answer{200, "ok\n"} : PlainHttp::Answer{503, "not serving\n"};
}

}  // namespace gateway
