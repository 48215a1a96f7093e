// The transport over libcurl: HTTP/2 where TLS negotiates it, HTTP/1.1 otherwise, to one upstream.
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: the destructor ends open calls with Error::kShutdown and joins the transport's threads;
// no `done` comes after it. It must not run inside a `done`, nor while another thread is in Send or
// Cancel. Errors: as Error::Kind has them. Whatever the request, one Send puts it on the
// wire at most once; to repeat it is the caller's decision.
//
//   absl::StatusOr<std::unique_ptr<CurlTransport>> transport = CurlTransport::Create(Options{});
//   (*transport)->Send(Request{.url = "https://api.example/v1/orders"}, [](Result result) { ... });
#ifndef UPSTREAM_HTTP_CURL_TRANSPORT_H_
#define UPSTREAM_HTTP_CURL_TRANSPORT_H_

#include <atomic>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "upstream/http/options.h"
#include "upstream/http/stats.h"
#include "upstream/http/transport.h"

namespace gateway::http {

class EventLoop;

class CurlTransport : public Transport {
 public:
  // INVALID_ARGUMENT when an option is out of bounds; else what the system refused.
  static absl::StatusOr<std::unique_ptr<CurlTransport>> Create(const Options& options);
  ~CurlTransport() override;

  using Transport::Send;
  CallId Send(std::shared_ptr<const Request> request, Done done) override;
  CallId Wait(absl::Time until, Done done) override;
  void Cancel(CallId id) override;

  Stats Snapshot() const override;

 private:
  explicit CurlTransport(std::vector<std::unique_ptr<EventLoop>> loops);
  size_t LeastLoaded() const;
  CallId NewId(size_t loop);

  const std::vector<std::unique_ptr<EventLoop>> loops_;
  std::atomic<CallId> calls_{1};  // so that no id is 0
  std::atomic<bool> stopped_{false};
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_CURL_TRANSPORT_H_
