// The sandbox as an HTTP/1.1 server on a port of its own.
//
//   absl::StatusOr<std::unique_ptr<Sandbox>> sandbox = Sandbox::Start({});
//   sandbox->OnRequest([](const Received& received) -> std::optional<Reply> {
//     if (received.method == "GET") return std::nullopt;   // the sandbox answers
//     return Reply{503, "", "text/plain", {}};             // this is the answer
//   });
//   Call("http://127.0.0.1:" + std::to_string((*sandbox)->port()));
//
// Thread-safe. The destructor stops the server: it lets running requests end and closes all
// connections.
#ifndef UPSTREAM_SANDBOX_SERVER_H_
#define UPSTREAM_SANDBOX_SERVER_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "upstream/sandbox/connection.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/handler.h"

namespace gateway::sandbox {

// The key that PayNow's sandbox accepts where no other is named; those of the others stand in their
// behaviour. None is a secret.
inline constexpr char kSandboxApiKey[] = "pnapi_v1_sandbox";

class Sandbox {
 public:
  struct Options {
    // Whose stand-in this is: a name of bundle.h.
    std::string provider = "paynow";
    // Where to listen; port 0 takes a free one.
    std::string host = "127.0.0.1";
    int port = 0;
    // Empty: the one that the behaviour names.
    std::vector<std::string> api_keys = {};
    // Connections served at a time; each takes a thread, further ones wait.
    size_t threads = 256;
    // Per collection, beside the seed; the oldest make room.
    size_t max_records = 20000;
  };

  // Sees each request before it is handled, on the thread that serves it; several may run at once.
  // An answer is sent in place of the sandbox's own, and the request changes nothing.
  using RequestHook = std::function<std::optional<Reply>(const Received&)>;
  // Sees each request with the reply that is about to be sent.
  using ReplyHook = std::function<void(const Received&, const Reply&)>;

  // Returns once connections are accepted.
  static absl::StatusOr<std::unique_ptr<Sandbox>> Start(Options options);
  ~Sandbox();

  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  int port() const { return port_; }
  const Contract& contract() const { return contract_; }

  // Replace the hook from the next request on; empty removes it.
  void OnRequest(RequestHook hook);
  void OnReply(ReplyHook hook);

 private:
  Sandbox(Options options, const Contract& contract, std::unique_ptr<Handler> handler);

  absl::Status Listen();
  void Configure();
  void Answer(const httplib::Request& request, absl::string_view verb, httplib::Response& response);
  Reply Decide(const Received& received);

  // Constant after Start.
  const Options options_;
  const Contract& contract_;
  const std::unique_ptr<Handler> handler_;
  int port_ = 0;

  std::mutex mu_;
  // Guarded by mu_.
  RequestHook on_request_;
  ReplyHook on_reply_;

  HttpServer server_;
  std::thread accepting_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_SERVER_H_
