#include "service/config/config_checks.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/config/certificates.h"
#include "service/config/read_file.h"
#include "upstream/mapping/formats.h"

namespace gateway {
namespace {

constexpr uint32_t kHighestPort = 65535;

// The digits behind the last colon.
absl::string_view PortOf(absl::string_view listen) {
  const size_t colon = listen.rfind(':');
  return colon == absl::string_view::npos ? "" : listen.substr(colon + 1);
}

absl::string_view HostOf(absl::string_view listen) { return listen.substr(0, listen.rfind(':')); }

bool IsEveryAddress(absl::string_view host) {
  return host.empty() || host == "*" || host == "0.0.0.0" || host == "[::]";
}

// One listener may take the port from the other.
bool Overlap(absl::string_view host, absl::string_view other) {
  if (host == "localhost") host = "127.0.0.1";
  if (other == "localhost") other = "127.0.0.1";
  return host == other || IsEveryAddress(host) || IsEveryAddress(other);
}

absl::Status Bad(const std::string& upstream, absl::string_view key, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("upstreams.", upstream, ".", key, ": ", reason));
}

// The first segment of a path: "/v1" of "/v1/stores/".
absl::string_view FirstSegment(absl::string_view path) { return path.substr(0, path.find('/', 1)); }

// The route's path brings the end of the base URL's path with it.
bool Repeats(const UpstreamConfig& upstream, const mapping::Route& route) {
  if (route.path.empty()) return false;
  const absl::string_view first = FirstSegment(route.path.front().literal);
  return first.size() > 1 && absl::EndsWith(upstream.options.base_url, first);
}

// A store is a segment of a path, and an id where the proto says so.
bool IsStore(const mapping::FieldPlan& tenant, absl::string_view store) {
  if (tenant.format == mapping::Format::kFlakeId) return mapping::IsFlakeId(store);
  return store != "." && store != ".." && mapping::IsUtf8(store);
}

absl::Status CheckUpstream(const std::string& name, const UpstreamConfig& upstream,
                           const mapping::Route& route) {
  if (Repeats(upstream, route)) {
    return Bad(name, "base_url",
               absl::StrCat("ends in ", FirstSegment(route.path.front().literal),
                            ", which the paths bring themselves"));
  }
  if (route.tenant == nullptr) return absl::OkStatus();
  const std::string& store = upstream.options.default_store;
  if (!store.empty() && !IsStore(*route.tenant, store)) {
    return Bad(name, "default_store", "is no id of a store");
  }
  for (const auto& [id, key] : upstream.store_keys) {
    if (!IsStore(*route.tenant, id)) {
      return Bad(name, absl::StrCat("stores.", id), "is no id of a store");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLimit(const std::string& name, const UpstreamConfig& upstream) {
  const resilience::ConcurrencyLimit::Options& limit = upstream.options.limit;
  if (limit.minimum > limit.maximum) {
    return Bad(name, "concurrency.maximum",
               absl::StrCat("is ", limit.maximum, ", below concurrency.minimum, which is ",
                            limit.minimum));
  }
  if (limit.initial < limit.minimum || limit.initial > limit.maximum) {
    return Bad(name, "concurrency.initial",
               absl::StrCat("is ", limit.initial,
                            ", not between concurrency.minimum and concurrency.maximum, which are ",
                            limit.minimum, " and ", limit.maximum));
  }
  return absl::OkStatus();
}

// The addresses of the ports.
void CheckAddresses(ConfigReader::Section& root, const Config& config) {
  const std::pair<const char*, const std::string*> addresses[] = {
      {"listen", &config.listen},
      {"server.health_listen", &config.server.health_listen},
      {"server.probe_listen", &config.server.probe_listen},
      {"metrics.listen", &config.metrics_listen},
      {"webhooks.listen", &config.webhooks.receiver.listen}};
  for (size_t i = 0; i < std::size(addresses); ++i) {
    const auto& [key, address] = addresses[i];
    if (address->empty() && i > 0) continue;
    const std::string problem = AgainstAddress(*address);
    if (!problem.empty()) root.Fail(key, problem);
    for (size_t j = 0; j < i; ++j) {
      if (SameAddress(*addresses[j].second, *address)) {
        root.Fail(key, absl::StrCat("is the same as ", addresses[j].first));
      }
    }
  }
}

}  // namespace

void CheckTogether(ConfigReader::Section& root, const Config& config) {
  CheckAddresses(root, config);
  if (!config.webhooks.receiver.listen.empty() && !config.events.enabled()) {
    root.Fail("webhooks.listen", "needs events.file: what is received has to be kept");
  }
}

std::string AgainstAddress(absl::string_view listen) {
  if (absl::StartsWith(listen, "unix:")) return "";
  const absl::string_view port = PortOf(listen);
  uint32_t number = 0;
  if (port.empty() || port.size() == listen.size() ||
      !std::all_of(port.begin(), port.end(), absl::ascii_isdigit)) {
    return "must be an address and a port, such as 127.0.0.1:50051";
  }
  if (!absl::SimpleAtoi(port, &number) || number > kHighestPort) {
    return absl::StrCat("the port must be at most ", kHighestPort);
  }
  return "";
}

bool SameAddress(absl::string_view one, absl::string_view other) {
  if (absl::StartsWith(one, "unix:") || absl::StartsWith(other, "unix:")) return one == other;
  uint32_t port = 0;
  uint32_t other_port = 0;
  if (!absl::SimpleAtoi(PortOf(one), &port) || !absl::SimpleAtoi(PortOf(other), &other_port)) {
    return false;
  }
  return port != 0 && port == other_port && Overlap(HostOf(one), HostOf(other));
}

bool SendsKeysInPlainText(absl::string_view base_url) {
  if (!absl::ConsumePrefix(&base_url, "http://")) return false;
  const absl::string_view authority = base_url.substr(0, base_url.find('/'));
  const bool has_port = absl::StrContains(authority, ':') && !absl::EndsWith(authority, "]");
  return !IsLocal(has_port ? std::string(authority) : absl::StrCat(authority, ":80"));
}

absl::Status CheckUpstreams(const Config& config, const std::vector<mapping::Route>& routes) {
  for (const mapping::Route& route : routes) {
    const auto upstream = config.upstreams.find(route.provider->name());
    if (upstream == config.upstreams.end()) continue;
    absl::Status status = CheckUpstream(upstream->first, upstream->second, route);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckAuthorities(const Config& config) {
  for (const auto& [name, upstream] : config.upstreams) {
    const std::string& file = upstream.tls.ca_file;
    if (file.empty()) continue;
    const std::optional<std::string> pem = ReadFile(file);
    if (!pem) return Bad(name, "ca_file", absl::StrCat(file, " cannot be read"));
    if (!ExpiryOf(CertificateKind::kAuthorities, *pem)) {
      return Bad(name, "ca_file", absl::StrCat(file, " holds no certificate that can be read"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOwnFile(const Config& config) {
  if (!config.authorization.enabled() || config.file.empty()) return absl::OkStatus();
  const std::string writers = AgainstWriters(config.file);
  if (writers.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(writers, ", who could put rules of their own in force"));
}

absl::Status CheckAgreement(const Config& config) {
  for (const auto& [name, upstream] : config.upstreams) {
    absl::Status status = CheckLimit(name, upstream);
    if (!status.ok()) return status;
  }
  // Each is written by its own rules, and would destroy the other.
  const std::pair<const char*, const std::string*> files[] = {
      {"tracing.file", &config.tracing.file},
      {"audit.file", &config.audit_file},
      {"ledger.file", &config.ledger.file}};
  for (const auto& [key, file] : files) {
    for (const auto& [other, other_file] : files) {
      if (other == key) break;
      if (file->empty() || *file != *other_file || absl::StartsWith(*file, "/dev/")) continue;
      return absl::InvalidArgumentError(absl::StrCat(key, ": is the same file as ", other));
    }
  }
  return absl::OkStatus();
}

}  // namespace gateway
