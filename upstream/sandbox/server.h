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
    // The most records of a collection, not counting the seed. The oldest are dropped for new ones.
    size_t max_records = 20000;
    // Faults that the first calls meet.
    std::vector<Fault> faults = {};
    // Whether other machines may use /_sandbox/, which asks for no key.
    bool open_window = false;
    // Where browsers find the sandbox; empty: "http://127.0.0.1:<port>".
    std::string public_url = {};
    // The records to start with, as JSON; empty: the provider's own.
    std::string seed = {};
    // URLs that get every event, in addition to the subscriptions of the API. `secret` signs for
    // them.
    std::vector<std::string> webhook_urls = {};
    std::string webhook_secret = "whsec_sandbox";
  };

  // Sees each request before it is handled, on the thread that serves it; several may run at once.
  // An answer is sent in place of the sandbox's own, and the request changes nothing.
  using RequestHook = std::function<std::optional<Reply>(const Received&)>;
  // Sees each request with the reply that is about to be sent.
  using ReplyHook = std::function<void(const Received&, const Reply&)>;

  // Returns once connections are accepted. Paths under /_sandbox/ are the sandbox's own.
  static absl::StatusOr<std::unique_ptr<Sandbox>> Start(Options options);
  ~Sandbox();

  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  using Neighbour = Window::Neighbour;

  int port() const { return listener_->port(); }
  const std::string& provider() const { return options_.provider; }
  // "http://HOST:PORT", where it listens; and where browsers find it.
  std::string url() const;
  std::string public_url() const;
  const Contract& contract() const { return contract_; }
  // The table that the behaviour's file returns: which keys are accepted, which form bodies have.
  const Json& settings() const { return handler_->settings(); }
  Faults& faults() { return faults_; }
  Handler& handler() { return *handler_; }
  Courier& courier() { return *courier_; }

  // The stores of the program, this one among them: its window links to them.
  void SetNeighbours(std::vector<Neighbour> neighbours);

  // Replace the hook from the next request on; empty removes it.
  void OnRequest(RequestHook hook);
  void OnReply(ReplyHook hook);

 private:
  Sandbox(Options options, const Contract& contract, std::unique_ptr<Handler> handler);

  void Serve(Connection& connection);
  // False: the connection must end.
  bool AnswerOne(Connection& connection, const Received& received);
  bool AnswerOperation(Connection& connection, const Received& received);
  // Whatever is under /_sandbox/.
  bool AnswerOwn(Connection& connection, const Received& received);
  Reply Decide(const Received& received);
  // Tells the reply hook and the journal of the reply to the request with this id, which is sent
  // only then.
  Reply Told(int64_t id, const Received& received, Reply reply);
  // Tells a browser of each change, until it goes away.
  void ServeLive(Connection& connection);

  // Constant after Start.
  const Options options_;
  const Contract& contract_;
  const std::unique_ptr<Handler> handler_;

  Faults faults_;
  Journal journal_;
  // Counts whatever the window shows.
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
