#include "upstream/http/http1_transport.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "upstream/http/curl_handle.h"
#include "upstream/http/reactor.h"
#include "upstream/http/request_check.h"

namespace gateway::http {
namespace {

constexpr int kMaxEventLoops = 256;
constexpr int kReactorBits = 8;  // the low bits of a CallId name its reactor

absl::Status CheckProxy(const ProxyOptions& proxy) {
  if (proxy.url.empty()) return absl::OkStatus();
  if (!absl::StartsWith(proxy.url, "http://") && !absl::StartsWith(proxy.url, "socks5h://")) {
    return absl::InvalidArgumentError("proxy.url must begin with http:// or socks5h://");
  }
  if (absl::StrContains(proxy.url, '@')) {
    return absl::InvalidArgumentError("proxy.url must not hold credentials");
  }
  // If the port is missing, libcurl would use 1080.
  const absl::string_view authority =
      absl::string_view(proxy.url).substr(proxy.url.find("://") + 3);
  const size_t colon = authority.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(authority.substr(colon + 1), &port) || port == 0 || port > 65535) {
    return absl::InvalidArgumentError("proxy.url must be a scheme, a host and a port");
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const Options& options) {
  if (options.event_loops < 1 || options.event_loops > kMaxEventLoops) {
    return absl::InvalidArgumentError(
        absl::StrCat("event_loops must be between 1 and ", kMaxEventLoops));
  }
  if (options.max_connections < options.event_loops) {
    return absl::InvalidArgumentError("max_connections must be at least event_loops");
  }
  if (options.max_queued < 0) return absl::InvalidArgumentError("max_queued must not be negative");
  if (options.max_requests_per_connection < 0) {
    return absl::InvalidArgumentError("max_requests_per_connection must not be negative");
  }
  if (options.connect_timeout <= absl::ZeroDuration() ||
      options.max_connection_age <= absl::ZeroDuration() ||
      options.max_connection_idle <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("timeouts and ages must be positive");
  }
  if (options.tls.certificate.empty() != options.tls.key.empty()) {
    return absl::InvalidArgumentError("a client certificate and its key belong together");
  }
  return CheckProxy(options.proxy);
}

// Cuts `whole` into `parts` numbers that differ by one at most, and returns the number at `index`.
int PartOf(int whole, int index, int parts) {
  return whole / parts + (index < whole % parts ? 1 : 0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Http1Transport>> Http1Transport::Create(absl::string_view base_url,
                                                                       const Options& options,
                                                                       OnSilence on_silence) {
  absl::StatusOr<Origin> origin = Origin::Parse(base_url);
  if (!origin.ok()) return origin.status();
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (absl::Status status = InitializeCurl(); !status.ok()) return status;
  std::vector<std::unique_ptr<Reactor>> reactors;
  for (int i = 0; i < options.event_loops; ++i) {
    Options share = options;
    share.max_connections = PartOf(options.max_connections, i, options.event_loops);
    share.max_queued = PartOf(options.max_queued, i, options.event_loops);
    absl::StatusOr<std::unique_ptr<Reactor>> reactor = Reactor::Create(*origin, share, on_silence);
    if (!reactor.ok()) return reactor.status();
    reactors.push_back(*std::move(reactor));
  }
  return std::unique_ptr<Http1Transport>(
      new Http1Transport(*std::move(origin), std::move(reactors)));
}

Http1Transport::Http1Transport(Origin origin, std::vector<std::unique_ptr<Reactor>> reactors)
    : origin_(std::move(origin)), reactors_(std::move(reactors)) {}

// A `done` may send the next request, also to a reactor that has stopped already. So all reactors
// stop before the first is destroyed, and a request after that is refused at once.
Http1Transport::~Http1Transport() {
  for (const auto& reactor : reactors_) reactor->Stop();
  stopped_ = true;
}

Transport::CallId Http1Transport::Send(std::shared_ptr<const Request> request, Done done) {
  if (stopped_) {
    done(Error{.kind = Error::Kind::kShutdown, .message = "the transport stops"});
    return 0;
  }
  const size_t reactor = LeastLoaded();
  const CallId id = NewId(reactor);
  absl::Status status = Check(*request);
  if (status.ok() && !origin_.TargetOf(request->url)) {
    status = absl::InvalidArgumentError("the URL is not one of the upstream's");
  }
  if (status.ok()) {
    reactors_[reactor]->dispatcher().Submit(id, std::move(request), std::move(done));
  } else {
    reactors_[reactor]->dispatcher().Refuse(
        std::move(done),
        Error{.kind = Error::Kind::kInvalid, .message = std::string(status.message())});
  }
  return id;
}

Transport::CallId Http1Transport::Wait(SteadyTime until, Done done) {
  if (stopped_) {
    done(Error{.kind = Error::Kind::kShutdown, .message = "the transport stops"});
    return 0;
  }
  const size_t reactor = LeastLoaded();
  const CallId id = NewId(reactor);
  reactors_[reactor]->dispatcher().Wait(id, until, std::move(done));
  return id;
}

Transport::CallId Http1Transport::NewId(size_t reactor) {
  return calls_.fetch_add(1, std::memory_order_relaxed) << kReactorBits | reactor;
}

void Http1Transport::Cancel(CallId id) {
  const size_t reactor = id & ((CallId{1} << kReactorBits) - 1);
  if (reactor < reactors_.size()) reactors_[reactor]->dispatcher().Cancel(id);
}

// Returns the first reactor among those with the lowest load, so that little traffic uses few
// connections and keeps them open.
size_t Http1Transport::LeastLoaded() const {
  size_t best = 0;
  for (size_t i = 1; i < reactors_.size(); ++i) {
    if (reactors_[i]->dispatcher().open() < reactors_[best]->dispatcher().open()) best = i;
  }
  return best;
}

Stats Http1Transport::Snapshot() const {
  Stats sum;
  for (const auto& reactor : reactors_) sum += reactor->dispatcher().Snapshot();
  return sum;
}

}  // namespace gateway::http
