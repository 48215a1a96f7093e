// The sandbox as an HTTP/1.1 server on a port of its own.
//
//   absl::StatusOr<std::unique_ptr<Sandbox>> sandbox = Sandbox::Start({});
//   (*sandbox)->OnRequest([](const Received& received) -> std::optional<Reply> {
//     if (received.method == "GET") return std::nullopt;   // the sandbox answers
//     return Reply{503, "", "text/plain", {}};             // this is the answer
//   });
//   Call("http://127.0.0.1:" + std::to_string((*sandbox)->port()));
//
// Thread-safe. The destructor stops the server: it lets running requests end and closes all
// connections.
#ifndef UPSTREAM_SANDBOX_SERVER_H_
#define UPSTREAM_SANDBOX_SERVER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "upstream/mutex.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/faults/faults.h"
#include "upstream/sandbox/handler.h"
#include "upstream/sandbox/http/listener.h"
#include "upstream/sandbox/pay/page.h"
#include "upstream/sandbox/webhooks/courier.h"
#include "upstream/sandbox/window/api.h"
#include "upstream/sandbox/window/journal.h"
#include "upstream/sandbox/window/window.h"

namespace gateway::sandbox {

// The key that PayNow's sandbox accepts if no other is given. The keys of the other providers stand
// in their behaviour. None of them is a secret.
inline constexpr char kSandboxApiKey[] = "pnapi_v1_sandbox";

class Sandbox {
 public:
  struct Options {
    // The provider: a name from bundle.h.
    std::string provider = "paynow";
    // Where to listen; port 0 takes a free one.
    std::string host = "127.0.0.1";
    int port = 0;
    // The keys that are accepted. Empty: the key that the behaviour names.
    std::vector<std::string> api_keys = {};
    // Connections served at a time; each takes a thread, further ones wait.
    size_t threads = 256;
    // The greatest number of records in a collection, not counting the seed. The oldest records are
    // dropped for new records.
    size_t max_records = 20000;
    // Faults that the first calls meet.
    std::vector<Fault> faults = {};
    // Whether other machines may use /_sandbox/, which asks for no key.
    bool open_window = false;
    // Where browsers find the sandbox; empty: "http://127.0.0.1:<port>".
    std::string public_url = {};
    // The records to start with, as JSON; empty: the provider's own.
    std::string seed = {};
    // URLs that get every event, in addition to the subscriptions of the API. Events for these URLs
    // are signed with `webhook_secret`.
    std::vector<std::string> webhook_urls = {};
    std::string webhook_secret = "whsec_sandbox";
  };

  // Called with each request outside of /_sandbox/ and /pay/ before the sandbox handles it, on the
  // thread that serves the request; several calls may run at once. If the hook returns a reply, the
  // sandbox sends this reply and does not handle the request.
  using RequestHook = std::function<std::optional<Reply>(const Received&)>;
  // Called with each such request and the reply that is about to be sent.
  using ReplyHook = std::function<void(const Received&, const Reply&)>;

  // Returns once connections are accepted. Paths under /_sandbox/ are the sandbox's own.
  static absl::StatusOr<std::unique_ptr<Sandbox>> Start(Options options);
  ~Sandbox();

  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  using Neighbour = Window::Neighbour;

  int port() const { return listener_->port(); }
  const std::string& provider() const { return options_.provider; }
  // The address where the sandbox listens, "http://HOST:PORT", and the address where browsers find
  // the sandbox.
  std::string url() const;
  std::string public_url() const;
  const Contract& contract() const { return contract_; }
  // The table that the behaviour's last file returns: for example, the key that is accepted and the
  // encoding of bodies.
  const Json& settings() const { return handler_->settings(); }
  Faults& faults() { return faults_; }
  Handler& handler() { return *handler_; }
  Courier& courier() { return *courier_; }

  // Sets the sandboxes of this program, this sandbox included. The window links to them.
  void SetNeighbours(std::vector<Neighbour> neighbours);

  // Replaces the hook, from the next request on. An empty function removes the hook.
  void OnRequest(RequestHook hook);
  void OnReply(ReplyHook hook);

 private:
  Sandbox(Options options, const Contract& contract, std::unique_ptr<Handler> handler);

  void Serve(Connection& connection);
  // Returns false if the connection must be closed.
  bool AnswerOne(Connection& connection, const Received& received);
  bool AnswerOperation(Connection& connection, const Received& received);
  // Answers a request under /_sandbox/.
  bool AnswerOwn(Connection& connection, const Received& received);
  Reply Decide(const Received& received);
  // Gives the reply to the reply hook, and to the journal for the request with this id. Then
  // returns the reply, so that it is sent only afterwards.
  Reply Told(int64_t id, const Received& received, Reply reply);
  // Sends a server-sent event to the browser for each change, until the browser disconnects.
  void ServeLive(Connection& connection);

  // Constant after Start.
  const Options options_;
  const Contract& contract_;
  const std::unique_ptr<Handler> handler_;

  Faults faults_;
  Journal journal_;
  // Counts the changes of everything that the window shows.
  std::atomic<uint64_t> changes_{0};
  std::atomic<int> live_{0};
  // Constant after construction.
  std::unique_ptr<Courier> courier_;
  std::unique_ptr<const Api> api_;
  std::unique_ptr<const Window> window_;
  const PayPage pay_page_;

  Mutex mu_;
  RequestHook on_request_ ABSL_GUARDED_BY(mu_);
  ReplyHook on_reply_ ABSL_GUARDED_BY(mu_);
  std::vector<Neighbour> neighbours_ ABSL_GUARDED_BY(mu_);

  std::thread jobs_;
  // Connections that come before Start has ended wait for this.
  std::promise<void> started_;
  const std::shared_future<void> when_started_ = started_.get_future().share();
  std::unique_ptr<Listener> listener_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_SERVER_H_
