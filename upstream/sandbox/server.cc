#include "upstream/sandbox/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <future>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/bundle.h"

namespace gateway::sandbox {
namespace {

constexpr size_t kMaxBody = 8 << 20;
constexpr size_t kRequestsPerConnection = 1000000000;
// Longer than any client of ours keeps an idle connection, so that it is never the sandbox that
// closes first.
constexpr time_t kIdleSeconds = 300;
// cpp-httplib's own backlog is 5; clients that open a pool at once would wait a second for the
// rest.
constexpr int kBacklog = 512;

// Marks what this file adds to a request for the library's sake.
constexpr char kVerbHeader[] = "\x01verb";
// In place of Content-Type: the library reads forms itself where it sees one, and none above 8 KB.
constexpr char kTypeHeader[] = "\x01type";

// Left in a response's "reason", which the library does not send: this one is ours, be it an error
// or not.
constexpr char kAnswered[] = "answered";

bool HasContent(const httplib::Request& request) {
  return request.has_header("Transfer-Encoding") ||
         (request.has_header("Content-Length") &&
          request.get_header_value("Content-Length") != "0");
}

Received Take(const httplib::Request& request, absl::string_view verb) {
  Received received{std::string(verb), request.target, {}, request.body};
  for (const auto& [name, value] : request.headers) {
    // The library adds the addresses of both ends as headers, in capitals.
    const bool added = absl::StartsWith(name, "REMOTE_") || absl::StartsWith(name, "LOCAL_") ||
                       name == kVerbHeader;
    if (name == kTypeHeader) {
      received.headers.emplace_back("Content-Type", value);
      continue;
    }
    if (!added) received.headers.emplace_back(name, value);
  }
  return received;
}

void Put(const Reply& reply, httplib::Response& response) {
  response.status = reply.status;
  response.reason = kAnswered;
  for (const auto& [name, value] : reply.headers) response.set_header(name, value);
  if (!reply.content_type.empty()) response.set_content(reply.body, reply.content_type);
}

// What the library refuses by itself (a body too large, a target too long, no HTTP at all).
Refusal LibraryRefusal(int status) {
  if (status == 413) return {413, "payload-too-large", "the body is too large", {}};
  if (status == 414) return {414, "uri-too-long", "the request target is too long", {}};
  if (status >= 500) return {status, "internal", "the sandbox failed", {}};
  return {status, "bad-request", "this is not an acceptable HTTP request", {}};
}

}  // namespace

Sandbox::Sandbox(Options options, const Contract& contract, std::unique_ptr<Handler> handler)
    : options_(std::move(options)), contract_(contract), handler_(std::move(handler)) {}

absl::StatusOr<std::unique_ptr<Sandbox>> Sandbox::Start(Options options) {
  const absl::StatusOr<const Contract*> contract = ContractOf(options.provider);
  if (!contract.ok()) return contract.status();
  const Bundle& bundle = *FindBundle(options.provider);
  absl::StatusOr<std::unique_ptr<Handler>> handler = Handler::Create(
      **contract, bundle.behaviour, bundle.seed, {options.api_keys, options.max_records});
  if (!handler.ok()) return handler.status();
  std::unique_ptr<Sandbox> sandbox(
      new Sandbox(std::move(options), **contract, *std::move(handler)));
  if (absl::Status status = sandbox->Listen(); !status.ok()) return status;
  return sandbox;
}

Sandbox::~Sandbox() {
  server_.stop();
  server_.ShutDownConnections();
  if (accepting_.joinable()) accepting_.join();
}

absl::Status Sandbox::Listen() {
  Configure();
  socket_t listener = INVALID_SOCKET;
  server_.set_socket_options([&listener](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    listener = socket;
  });
  port_ = options_.port == 0 ? server_.bind_to_any_port(options_.host)
          : server_.bind_to_port(options_.host, options_.port) ? options_.port
                                                               : -1;
  if (port_ < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", options_.host, ":", options_.port));
  }
  ::listen(listener, kBacklog);
  std::promise<void> accepting;
  // The library asks for its queue right before it accepts; from then on stop() takes effect.
  server_.new_task_queue = [this, &accepting] {
    auto* const queue = new httplib::ThreadPool(options_.threads);
    accepting.set_value();
    return queue;
  };
  accepting_ = std::thread([this] { server_.listen_after_bind(); });
  accepting.get_future().wait();
  return absl::OkStatus();
}

// The library routes by std::regex over the decoded path, reads no body with GET, and waits for the
// end of the connection where a body's length is not stated. All three are set right ahead of its
// routing, on a request that is const there only by the hook's signature: whatever has a body
// becomes one POST to "/", and what has none is answered on the spot.
void Sandbox::Configure() {
  server_.set_tcp_nodelay(true);
  server_.set_keep_alive_max_count(kRequestsPerConnection);
  server_.set_keep_alive_timeout(kIdleSeconds);
  server_.set_payload_max_length(kMaxBody);
  server_.set_pre_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        if (!HasContent(request)) {
          Answer(request, request.method, response);
          return httplib::Server::HandlerResponse::Handled;
        }
        auto& writable = const_cast<httplib::Request&>(request);
        writable.headers.emplace(kVerbHeader, request.method);
        if (const std::string type = request.get_header_value("Content-Type"); !type.empty()) {
          writable.headers.erase("Content-Type");
          writable.headers.emplace(kTypeHeader, type);
        }
        writable.method = "POST";
        writable.path = "/";
        return httplib::Server::HandlerResponse::Unhandled;
      });
  server_.Post("/", [this](const httplib::Request& request, httplib::Response& response) {
    Answer(request, request.get_header_value(kVerbHeader), response);
  });
  server_.set_error_handler([this](const httplib::Request&, httplib::Response& response) {
    if (response.reason != kAnswered) {
      Put(handler_->Refuse(LibraryRefusal(response.status)), response);
    }
  });
}

void Sandbox::Answer(const httplib::Request& request, absl::string_view verb,
                     httplib::Response& response) {
  const Received received = Take(request, verb);
  const Reply reply = Decide(received);
  ReplyHook hook;
  {
    const std::lock_guard<std::mutex> lock(mu_);
    hook = on_reply_;
  }
  if (hook) hook(received, reply);
  Put(reply, response);
}

Reply Sandbox::Decide(const Received& received) {
  RequestHook hook;
  {
    const std::lock_guard<std::mutex> lock(mu_);
    hook = on_request_;
  }
  if (hook) {
    if (std::optional<Reply> reply = hook(received)) return *std::move(reply);
  }
  try {
    return handler_->Answer(received);
  } catch (const std::exception& error) {
    return handler_->Refuse({500, "internal", error.what(), {}});
  }
}

void Sandbox::OnRequest(RequestHook hook) {
  const std::lock_guard<std::mutex> lock(mu_);
  on_request_ = std::move(hook);
}

void Sandbox::OnReply(ReplyHook hook) {
  const std::lock_guard<std::mutex> lock(mu_);
  on_reply_ = std::move(hook);
}

}  // namespace gateway::sandbox
