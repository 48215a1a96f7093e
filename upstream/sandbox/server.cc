#include "upstream/sandbox/server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "upstream/sandbox/bundle.h"
#include "upstream/sandbox/faults/faulty_answer.h"

namespace gateway::sandbox {
namespace {

constexpr int kMaxLive = 32;
constexpr absl::Duration kLivePause = absl::Milliseconds(250);

// The refusal of bytes that are not an acceptable HTTP request, or of a request that meets a fault.
// The reply has the provider's error format too.
Refusal RefusalOf(int status) {
  if (status == 413) return {413, "payload-too-large", "the body is too large", {}};
  if (status == 414) return {414, "uri-too-long", "the request target is too long", {}};
  if (status == 429) return {429, "too-many-requests", "too many requests", {}};
  if (status >= 500) return {status, "internal", "the sandbox failed", {}};
  return {status, "bad-request", "this is not an acceptable HTTP request", {}};
}

}  // namespace

Sandbox::Sandbox(Options options, const Contract& contract, std::unique_ptr<Handler> handler)
    : options_(std::move(options)),
      contract_(contract),
      handler_(std::move(handler)),
      pay_page_(*handler_) {
  for (const Fault& fault : options_.faults) faults_.Add(fault);
  Courier::Options courier = Courier::OptionsOf(handler_->settings());
  courier.urls = options_.webhook_urls;
  courier.secret = options_.webhook_secret;
  courier_ = std::make_unique<Courier>(std::move(courier), [this](const Json& target) {
    handler_->Do({"delivered"}, target);
    ++changes_;
  });
  handler_->OnEvents([this](const std::vector<Json>& events) {
    courier_->Post(events);
    ++changes_;
  });
  api_ = std::make_unique<const Api>(Api::Parts{faults_, *handler_, *courier_, journal_, changes_},
                                     options_.open_window);
  window_ = std::make_unique<const Window>(*api_, options_.provider);
}

absl::StatusOr<std::unique_ptr<Sandbox>> Sandbox::Start(Options options) {
  const absl::StatusOr<const Contract*> contract = ContractOf(options.provider);
  if (!contract.ok()) return contract.status();
  const Bundle& bundle = *FindBundle(options.provider);
  absl::StatusOr<std::unique_ptr<Handler>> handler =
      Handler::Create(**contract, bundle.behaviour,
                      options.seed.empty() ? bundle.seed : absl::string_view(options.seed),
                      {options.api_keys, options.max_records}, EventsOf(options.provider));
  if (!handler.ok()) return handler.status();
  std::unique_ptr<Sandbox> sandbox(
      new Sandbox(std::move(options), **contract, *std::move(handler)));
  const Options& own = sandbox->options_;
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Start({own.host, own.port, own.threads},
                      [raw = sandbox.get()](Connection& connection) { raw->Serve(connection); });
  if (!listener.ok()) return listener.status();
  sandbox->listener_ = *std::move(listener);
  sandbox->handler_->SetPublicUrl(sandbox->public_url());
  sandbox->jobs_ = std::thread([raw = sandbox.get()] { raw->handler_->ServeJobs(); });
  sandbox->started_.set_value();
  return sandbox;
}

// The threads end before the members that they use are destroyed.
Sandbox::~Sandbox() {
  listener_.reset();
  handler_->StopJobs();
  if (jobs_.joinable()) jobs_.join();
  courier_.reset();
}

void Sandbox::Serve(Connection& connection) {
  when_started_.wait();
  Received received;
  int refused_status = 0;
  while (true) {
    switch (connection.ReadRequest(received, refused_status)) {
      case Connection::Read::kEnd:
        return;
      case Connection::Read::kRefused:
        connection.Write(ReplyText(handler_->Refuse(RefusalOf(refused_status)), false));
        connection.EndGently();
        return;
      case Connection::Read::kRequest:
        if (!AnswerOne(connection, received)) return;
    }
  }
}

bool Sandbox::AnswerOne(Connection& connection, const Received& received) {
  const auto send = [&](const Reply& reply) {
    return connection.Write(ReplyText(reply, connection.keep_alive(), received.method == "HEAD")) &&
           connection.keep_alive();
  };
  if (Api::IsOwn(received)) return AnswerOwn(connection, received);
  if (PayPage::IsOwn(received)) {
    const Reply reply = pay_page_.Answer(received);
    if (received.method == "POST") ++changes_;
    return send(reply);
  }
  return AnswerOperation(connection, received);
}

bool Sandbox::AnswerOperation(Connection& connection, const Received& received) {
  Journal::Seen seen{received, "", ""};
  const Operation* const operation = handler_->OperationOf(received);
  std::optional<Fault> fault;
  if (operation != nullptr) {
    seen.operation = operation->rpc;
    fault = faults_.Take(operation->rpc, operation->id);
  }
  if (fault) seen.fault = FaultKinds()[static_cast<size_t>(fault->kind)];
  const int64_t id = journal_.Add(std::move(seen));
  ++changes_;
  if (!fault) {
    return connection.Write(ReplyText(Told(id, received, Decide(received)), connection.keep_alive(),
                                      received.method == "HEAD")) &&
           connection.keep_alive();
  }
  return AnswerWithFault(
      *fault, connection,
      {.execute = [&] { return Decide(received); },
       .refuse = [&](int status) { return handler_->Refuse(RefusalOf(status)); },
       .tell = [&](Reply reply) { return Told(id, received, std::move(reply)); }});
}

bool Sandbox::AnswerOwn(Connection& connection, const Received& received) {
  std::vector<Neighbour> neighbours;
  {
    const MutexLock lock(mu_);
    neighbours = neighbours_;
  }
  if (received.target == absl::StrCat(kApiPrefix, "/live") && received.method == "GET" &&
      api_->MayUse(received, connection.from_loopback())) {
    ServeLive(connection);
    return false;
  }
  const Reply reply = window_->Answer(received, connection.from_loopback(), neighbours);
  return connection.Write(ReplyText(reply, connection.keep_alive(), received.method == "HEAD")) &&
         connection.keep_alive();
}

// Each browser that waits for changes takes one of the threads that serve calls, so only kMaxLive
// browsers are allowed.
void Sandbox::ServeLive(Connection& connection) {
  if (live_.fetch_add(1) >= kMaxLive) {
    --live_;
    connection.Write(ReplyText({503, "", "", {{"Retry-After", "10"}}}, false));
    return;
  }
  uint64_t seen = changes_;
  bool stays = connection.Write(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
      "Connection: close\r\n\r\nretry: 2000\n\n");
  while (stays && connection.Stays(kLivePause)) {
    const uint64_t now = changes_;
    if (now == seen) continue;
    seen = now;
    stays = connection.Write(absl::StrCat("data: ", now, "\n\n"));
  }
  --live_;
}

std::string Sandbox::url() const { return absl::StrCat("http://", options_.host, ":", port()); }

std::string Sandbox::public_url() const {
  return options_.public_url.empty() ? absl::StrCat("http://127.0.0.1:", port())
                                     : options_.public_url;
}

void Sandbox::SetNeighbours(std::vector<Neighbour> neighbours) {
  const MutexLock lock(mu_);
  neighbours_ = std::move(neighbours);
}

Reply Sandbox::Told(int64_t id, const Received& received, Reply reply) {
  ReplyHook hook;
  {
    const MutexLock lock(mu_);
    hook = on_reply_;
  }
  if (hook) hook(received, reply);
  journal_.Answer(id, reply);
  ++changes_;
  return reply;
}

Reply Sandbox::Decide(const Received& received) {
  RequestHook hook;
  {
    const MutexLock lock(mu_);
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
  const MutexLock lock(mu_);
  on_request_ = std::move(hook);
}

void Sandbox::OnReply(ReplyHook hook) {
  const MutexLock lock(mu_);
  on_reply_ = std::move(hook);
}

}  // namespace gateway::sandbox
