#include "upstream/http/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "upstream/http/curl_error.h"

namespace gateway::http {

// One attempt to connect, with the details that libcurl reports by callbacks.
struct Connector::Attempt {
  const std::atomic<bool>& stopped;
  bool lacks_descriptors = false;
  std::array<char, CURL_ERROR_SIZE> text{};

  static curl_socket_t OnOpen(void* self, curlsocktype, curl_sockaddr* address) {
    const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    auto& attempt = *static_cast<Attempt*>(self);
    attempt.lacks_descriptors = fd < 0 && (errno == EMFILE || errno == ENFILE);
    return fd < 0 ? CURL_SOCKET_BAD : fd;
  }

  // libcurl calls this at least once a second. Any result but 0 ends the attempt.
  static int OnProgress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Attempt*>(self)->stopped ? 1 : 0;
  }
};

namespace {

long Seconds(absl::Duration duration) {
  return static_cast<long>(
      std::clamp<int64_t>(absl::ToInt64Seconds(duration), 1, int64_t{365} * 24 * 3600));
}

long Milliseconds(absl::Duration duration) {
  return static_cast<long>(
      std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, int64_t{3600} * 1000));
}

// Ends the connection if the peer's kernel does not acknowledge data for this long.
void LimitSilence(int fd, absl::Duration limit) {
  if (limit <= absl::ZeroDuration()) return;
  const auto milliseconds = static_cast<unsigned>(Milliseconds(limit));
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connector>> Connector::Create(const Origin& origin,
                                                             const Options& options) {
  std::shared_ptr<Share> share = Share::Create();
  if (share == nullptr) return absl::ResourceExhaustedError("libcurl: no share handle");
  return std::unique_ptr<Connector>(new Connector(origin, options, std::move(share)));
}

void Connector::SetOptions(EasyHandle& easy) const {
  const std::string url = origin_.Url();
  easy.Set(CURLOPT_URL, url.c_str())
      .Set(CURLOPT_CONNECT_ONLY, 1L)
      .Set(CURLOPT_PROTOCOLS_STR, "http,https")
      .Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1))
      .Set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED))
      .Set(CURLOPT_NOSIGNAL, 1L)
      // Without this option, the end of an attempt would wait for getaddrinfo to return.
      .Set(CURLOPT_QUICK_EXIT, 1L)
      .Set(CURLOPT_SSL_VERIFYPEER, 1L)
      .Set(CURLOPT_SSL_VERIFYHOST, 2L)
      .Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2))
      .Set(CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options_.connect_timeout))
      // The cache is for the connections of one burst. Apart from bursts, lookups are rare.
      .Set(CURLOPT_DNS_CACHE_TIMEOUT, 1L)
      .Set(CURLOPT_SHARE, share_->get());
  if (options_.tcp_keepalive > absl::ZeroDuration()) {
    easy.Set(CURLOPT_TCP_KEEPALIVE, 1L)
        .Set(CURLOPT_TCP_KEEPIDLE, Seconds(options_.tcp_keepalive))
        .Set(CURLOPT_TCP_KEEPINTVL, Seconds(options_.tcp_keepalive));
  }
  // Empty texts also make libcurl ignore the proxy variables of the environment.
  easy.Set(CURLOPT_PROXY, options_.proxy.url.c_str()).Set(CURLOPT_NOPROXY, "");
  if (!options_.proxy.url.empty()) {
    // Through any kind of proxy, the connection is a tunnel to the upstream itself.
    easy.Set(CURLOPT_HTTPPROXYTUNNEL, 1L).Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (!options_.proxy.user.empty()) {
      easy.Set(CURLOPT_PROXYUSERNAME, options_.proxy.user.c_str())
          .Set(CURLOPT_PROXYPASSWORD, options_.proxy.password.c_str());
    }
  }
  trust_.ApplyTo(easy);
  if (!options_.tls.certificate.empty()) {
    easy.SetBlob(CURLOPT_SSLCERT_BLOB, options_.tls.certificate)
        .SetBlob(CURLOPT_SSLKEY_BLOB, options_.tls.key);
  }
}

Connector::Made Connector::Connect() const {
  Attempt attempt{.stopped = stopped_};
  if (stopped_) return ErrorOf(CURLE_ABORTED_BY_CALLBACK, attempt);
  EasyHandle easy = EasyHandle::Create();
  SetOptions(easy);
  easy.Set(CURLOPT_OPENSOCKETFUNCTION, &Attempt::OnOpen)
      .Set(CURLOPT_OPENSOCKETDATA, &attempt)
      .Set(CURLOPT_XFERINFOFUNCTION, &Attempt::OnProgress)
      .Set(CURLOPT_XFERINFODATA, &attempt)
      .Set(CURLOPT_NOPROGRESS, 0L)
      .Set(CURLOPT_ERRORBUFFER, attempt.text.data());
  CURLcode code = easy.status();
  if (code == CURLE_OK) code = curl_easy_perform(easy.get());
  curl_socket_t fd = CURL_SOCKET_BAD;
  if (code == CURLE_OK) code = curl_easy_getinfo(easy.get(), CURLINFO_ACTIVESOCKET, &fd);
  if (code == CURLE_OK && fd == CURL_SOCKET_BAD) code = CURLE_COULDNT_CONNECT;
  if (code != CURLE_OK) return ErrorOf(code, attempt);
  // `attempt` is about to be destroyed, so the handle must not point to it any more.
  easy.Set(CURLOPT_NOPROGRESS, 1L)
      .Set(CURLOPT_ERRORBUFFER, nullptr)
      .Set(CURLOPT_OPENSOCKETDATA, nullptr)
      .Set(CURLOPT_XFERINFODATA, nullptr)
      .Set(CURLOPT_SSL_CTX_DATA, nullptr);
  LimitSilence(fd, options_.unacknowledged_timeout);
  return std::make_shared<Connection>(std::move(easy), fd, share_, origin_, options_);
}

Error Connector::ErrorOf(CURLcode code, const Attempt& attempt) const {
  if (stopped_) return {.kind = Error::Kind::kShutdown, .message = "the transport stops"};
  Error error;
  error.kind = KindOf(code);
  if (attempt.lacks_descriptors && error.kind == Error::Kind::kConnect) {
    // The upstream is not to blame if there is no socket to connect with.
    return {.kind = Error::Kind::kOverloaded, .message = "no descriptor is left for a connection"};
  }
  // libcurl's text names hosts and certificates, never what was sent or received.
  error.message = attempt.text[0] != '\0' ? attempt.text.data() : curl_easy_strerror(code);
  return error;
}

}  // namespace gateway::http
