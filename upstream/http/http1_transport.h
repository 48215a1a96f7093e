// The transport to one upstream over HTTP/1.1. libcurl makes the connections; this folder writes to
// them and reads from them:
//
//   Send -> Dispatcher -> Pool -> Connection: RequestWriter writes the request
//                          ^- Connector (libcurl) makes connections
//   Reactor -> Connection: ResponseReader reads the reply -> done
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: the destructor ends open calls with Error::kShutdown and joins the transport's threads,
// which may take a second; no `done` comes after it. It must not run inside a `done`, nor while
// another thread is in Send or Cancel.
// Errors: see Error::Kind. One Send puts a request on the wire at most once, whatever its method.
// The caller decides whether to repeat a request (docs/adr/0020-the-wire-is-ours.md).
//
//   auto transport = Http1Transport::Create("https://api.example", Options{});
//   (*transport)->Send(Request{.url = "https://api.example/v1/orders"}, [](Result result) { ... });
#ifndef UPSTREAM_HTTP_HTTP1_TRANSPORT_H_
#define UPSTREAM_HTTP_HTTP1_TRANSPORT_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/http/options.h"
#include "upstream/http/origin.h"
#include "upstream/http/stats.h"
#include "upstream/http/transport.h"

namespace gateway::http {

class Reactor;

class Http1Transport : public Transport {
 public:
  // Called when a request on a connection that had worked got no byte by its deadline, after a wait
  // of at least 100 ms. `closed` is how many idle connections were closed because of that. Runs on
  // a thread of the transport; must not block.
  using OnSilence = std::function<void(absl::Duration waited, size_t closed)>;

  // All requests go to the upstream at `base_url`, whose path is ignored. INVALID_ARGUMENT if the
  // URL or an option is out of bounds; otherwise the error of libcurl or the system.
  static absl::StatusOr<std::unique_ptr<Http1Transport>> Create(absl::string_view base_url,
                                                                const Options& options,
                                                                OnSilence on_silence = nullptr);
  ~Http1Transport() override;

  using Transport::Send;
  CallId Send(std::shared_ptr<const Request> request, Done done) override;
  CallId Wait(SteadyTime until, Done done) override;
  void Cancel(CallId id) override;

  Stats Snapshot() const override;

 private:
  Http1Transport(Origin origin, std::vector<std::unique_ptr<Reactor>> reactors);
  size_t LeastLoaded() const;
  CallId NewId(size_t reactor);

  const Origin origin_;
  const std::vector<std::unique_ptr<Reactor>> reactors_;
  std::atomic<CallId> calls_{1};  // so that no id is 0
  std::atomic<bool> stopped_{false};
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_HTTP1_TRANSPORT_H_
