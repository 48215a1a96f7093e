#include "service/config/config_checks.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/algorithm/container.h"
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

// Returns the text after the last colon, or "" if there is no colon.
absl::string_view PortOf(absl::string_view listen) {
  const size_t colon = listen.rfind(':');
  return colon == absl::string_view::npos ? "" : listen.substr(colon + 1);
}

absl::string_view HostOf(absl::string_view listen) { return listen.substr(0, listen.rfind(':')); }

bool IsEveryAddress(absl::string_view host) {
  return host.empty() || host == "*" || host == "0.0.0.0" || host == "[::]";
}

// Whether listeners on these hosts, with one port, would conflict.
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

// Whether the route's path repeats the end of the base URL's path.
bool Repeats(const UpstreamConfig& upstream, const mapping::Route& route) {
  if (route.path.empty()) return false;
  const absl::string_view first = FirstSegment(route.path.front().literal);
  return first.size() > 1 && absl::EndsWith(upstream.options.base_url, first);
}

// Whether the text can be a store: one segment of a path, and an id if the proto says so.
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
  for (const std::string& id : upstream.harmless_repeats) {
    if (id != "*" && !IsStore(*route.tenant, id)) {
      return Bad(name, "harmless_repeats", absl::StrCat(id, " is no id of a store"));
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

// Checks the addresses to listen on.
void CheckAddresses(ConfigReader::Section& root, const Config& config) {
  const std::pair<const char*, const std::string*> addresses[] = {
      {"listen", &config.listen},
      {"server.health_listen", &config.server.health_listen},
      {"server.probe_listen", &config.server.probe_listen},
      {"metrics.listen", &config.metrics_listen},
      {"webhooks.listen", &config.webhooks.receiver.listen}};
  for (size_t i = 0; i < std::size(addresses); ++i) {
    const auto& [key, address] = addresses[i];
    if (address->empty() && (i > 0 || config.mode == Mode::kWebhooks)) continue;
    const std::string problem = AgainstAddress(*address);
    if (!problem.empty()) root.Fail(key, problem);
    for (size_t j = 0; j < i; ++j) {
      if (SameAddress(*addresses[j].second, *address)) {
        root.Fail(key, absl::StrCat("is the same as ", addresses[j].first));
      }
    }
  }
}

// Checks that the providers of subscriptions are received here. Only for a log in a file: a log in
// PostgreSQL also has the events that other gateways receive.
void CheckSubscriptions(ConfigReader::Section& root, const Config& config) {
  if (config.events.file.empty()) return;
  for (const auto& [name, subscription] : config.events.subscriptions) {
    for (const std::string& provider : subscription.providers) {
      if (config.webhooks.providers.contains(provider)) continue;
      root.Fail(absl::StrCat("events.subscriptions.", name, ".providers"),
                absl::StrCat("there are no webhooks of ", provider));
    }
  }
}

}  // namespace

void CheckTogether(ConfigReader::Section& root, const Config& config) {
  CheckAddresses(root, config);
  if (config.mode == Mode::kWebhooks && root.present() && config.webhooks.receiver.listen.empty()) {
    root.Fail("webhooks.listen", "is required: it is all that this mode does");
  }
  if (!config.webhooks.receiver.listen.empty() && !config.events.enabled()) {
    root.Fail("webhooks.listen",
              "needs events.file or events.postgresql: what is received has to be kept");
  }
  CheckSubscriptions(root, config);
  for (const auto& [name, upstream] : config.upstreams) {
    if (upstream.harmless_repeats.empty() || config.ledger.enabled()) continue;
    root.Fail(absl::StrCat("upstreams.", name, ".harmless_repeats"), "needs the ledger");
  }
}

std::string AgainstTlsWithoutEffect(const nlohmann::json& file, const TlsConfig& tls) {
  if (!file.is_object()) return "";
  const auto found =
      file.value(nlohmann::json::json_pointer("/server/tls"), nlohmann::json::object());
  const auto says = [&found](const char* key) { return found.is_object() && found.contains(key); };
  if (says("require_client_certificate") && tls.require_client_certificate &&
      tls.client_ca_file.empty()) {
    return "server.tls.require_client_certificate: needs client_ca_file: nobody is asked without "
           "it";
  }
  if (says("trust_domains") && tls.trust_domains.empty()) {
    return "server.tls.trust_domains: is empty: leave it out, or name something";
  }
  return "";
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

absl::Status CheckRequiredKeys(const Config& config, const std::vector<mapping::Route>& routes) {
  for (const std::string& rpc : config.ledger.require_key) {
    const bool known = rpc == "*" || absl::c_any_of(routes, [&](const mapping::Route& route) {
                         return route.access == mapping::Access::kWrite &&
                                absl::StripPrefix(route.rpc_path, "/") == rpc;
                       });
    if (!known) {
      return absl::InvalidArgumentError(
          absl::StrCat("ledger.require_key: names a write that there is not: ", rpc));
    }
  }
  return absl::OkStatus();
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
    if (!pem) return Bad(name, "ca_file", absl::StrCat(file, " ", WhyUnreadable(file)));
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
  // Each of these files has its own format. If two of them had one path, they would destroy each
  // other.
  const std::pair<const char*, const std::string*> files[] = {
      {"tracing.file", &config.tracing.file},
      {"audit.file", &config.audit_file},
      {"ledger.file", &config.ledger.file},
      {"events.file", &config.events.file}};
  for (const auto& [key, file] : files) {
    std::error_code error;
    if (std::filesystem::is_directory(*file, error)) {
      return absl::InvalidArgumentError(absl::StrCat(key, ": ", *file, " is a folder"));
    }
    for (const auto& [other, other_file] : files) {
      if (other == key) break;
      if (file->empty() || *file != *other_file || absl::StartsWith(*file, "/dev/")) continue;
      return absl::InvalidArgumentError(absl::StrCat(key, ": is the same file as ", other));
    }
  }
  return absl::OkStatus();
}

}  // namespace gateway
