#include "upstream/sandbox/server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "upstream/sandbox/bundle.h"
#include "upstream/sandbox/faults/faulty_answer.h"

namespace gateway::sandbox {
namespace {

// What is refused before there is a request: in the provider's form all the same.
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
  Courier::Options courier;
  courier.signature = handler_->settings().value("signature", Json::object());
  courier.urls = options_.webhook_urls;
  courier.secret = options_.webhook_secret;
  courier_ = std::make_unique<Courier>(
      std::move(courier), [this](const Json& target) { handler_->Do({"delivered"}, target); });
  handler_->OnEvents([this](const std::vector<Json>& events) { courier_->Post(events); });
  api_ = std::make_unique<const Api>(faults_, *handler_, *courier_, options_.open_window);
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
  sandbox->handler_->SetPublicUrl(
      own.public_url.empty() ? absl::StrCat("http://127.0.0.1:", sandbox->port()) : own.public_url);
  sandbox->jobs_ = std::thread([raw = sandbox.get()] { raw->handler_->ServeJobs(); });
  sandbox->started_.set_value();
  return sandbox;
}

// Ahead of everything that its threads use.
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
  if (Api::IsOwn(received)) return send(api_->Answer(received, connection.from_loopback()));
  if (PayPage::IsOwn(received)) return send(pay_page_.Answer(received));
  const Operation* const operation = handler_->OperationOf(received);
  if (operation != nullptr) {
    if (const auto fault = faults_.Take(operation->rpc, operation->id)) {
      return AnswerWithFault(
          *fault, connection, [&] { return Told(received, Decide(received)); },
          [&](int status) { return Told(received, handler_->Refuse(RefusalOf(status))); });
    }
  }
  return send(Told(received, Decide(received)));
}

Reply Sandbox::Told(const Received& received, Reply reply) {
  ReplyHook hook;
  {
    const std::lock_guard<std::mutex> lock(mu_);
    hook = on_reply_;
  }
  if (hook) hook(received, reply);
  return reply;
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
