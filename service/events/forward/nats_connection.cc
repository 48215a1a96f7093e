#include "service/events/forward/nats_connection.h"

#include <nats/nats.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/log/log.h"

namespace gateway::events {
namespace {

constexpr absl::Duration kConnectTime = absl::Seconds(2);
constexpr absl::Duration kReconnectWait = absl::Seconds(1);
constexpr absl::Duration kPingInterval = absl::Seconds(20);
// How long a publication waits for the answer to the question about its stream, at most.
constexpr absl::Duration kLookTime = absl::Seconds(1);
// The pause after a question that got no answer.
constexpr absl::Duration kBetweenLooks = absl::Minutes(1);

template <auto destroy>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    destroy(object);
  }
};
using NatsOpts = std::unique_ptr<natsOptions, Deleter<natsOptions_Destroy>>;
using NatsConn = std::unique_ptr<natsConnection, Deleter<natsConnection_Destroy>>;
using JetStream = std::unique_ptr<jsCtx, Deleter<jsCtx_Destroy>>;
using NatsMsg = std::unique_ptr<natsMsg, Deleter<natsMsg_Destroy>>;
using PubAck = std::unique_ptr<jsPubAck, Deleter<jsPubAck_Destroy>>;
using StreamInfo = std::unique_ptr<jsStreamInfo, Deleter<jsStreamInfo_Destroy>>;

// Does nothing. The library connects in the background only if it gets a callback.
void OnConnected(natsConnection*, void*) {}

std::string TextOf(natsStatus status) { return natsStatus_GetText(status); }

bool UsesTls(const NatsOptions& options) {
  return std::any_of(options.servers.begin(), options.servers.end(),
                     [](const std::string& server) { return absl::StartsWith(server, "tls://"); });
}

natsStatus SetServers(const NatsOptions& options, natsOptions* opts) {
  std::vector<const char*> servers;
  for (const std::string& server : options.servers) servers.push_back(server.c_str());
  natsStatus status =
      natsOptions_SetServers(opts, servers.data(), static_cast<int>(servers.size()));
  if (status == NATS_OK) status = natsOptions_SetIgnoreDiscoveredServers(opts, true);
  if (status == NATS_OK) status = natsOptions_SetName(opts, "billing-gateway");
  return status;
}

natsStatus SetPatience(natsOptions* opts) {
  natsStatus status = natsOptions_SetTimeout(opts, absl::ToInt64Milliseconds(kConnectTime));
  if (status == NATS_OK) status = natsOptions_SetMaxReconnect(opts, -1);
  if (status == NATS_OK) {
    status = natsOptions_SetReconnectWait(opts, absl::ToInt64Milliseconds(kReconnectWait));
  }
  if (status == NATS_OK) {
    status = natsOptions_SetPingInterval(opts, absl::ToInt64Milliseconds(kPingInterval));
  }
  if (status == NATS_OK) {
    status = natsOptions_SetRetryOnFailedConnect(opts, true, OnConnected, nullptr);
  }
  // If the connection is lost, its publications fail at once.
  if (status == NATS_OK) status = natsOptions_SetFailRequestsOnDisconnect(opts, true);
  return status;
}

natsStatus SetTls(const NatsOptions& options, natsOptions* opts) {
  if (!UsesTls(options)) return NATS_OK;
  natsStatus status = natsOptions_SetSecure(opts, true);
  if (status == NATS_OK && !options.tls.authorities.empty()) {
    status = natsOptions_SetCATrustedCertificates(opts, options.tls.authorities.c_str());
  }
  if (status == NATS_OK && !options.tls.certificate.empty()) {
    status = natsOptions_SetCertificatesChain(opts, options.tls.certificate.c_str(),
                                              options.tls.key.c_str());
  }
  return status;
}

natsStatus SetIdentity(const NatsOptions& options, natsOptions* opts) {
  if (!options.credentials_file.empty()) {
    return natsOptions_SetUserCredentialsFromFiles(opts, options.credentials_file.c_str(), nullptr);
  }
  if (options.user.empty()) return NATS_OK;
  return natsOptions_SetUserInfo(opts, options.user.c_str(), options.password.c_str());
}

HandoverResult Unreachable(std::string reason) {
  return {Handover::kUnreachable, std::move(reason)};
}

// The result for the server's answer, or for an error of the library.
HandoverResult HandoverOf(natsStatus status, jsErrCode error, const jsPubAck* ack) {
  if (status == NATS_OK) {
    return {ack != nullptr && ack->Duplicate ? Handover::kDuplicate : Handover::kTaken};
  }
  // The library returns JSNotEnabledErr for a server without JetStream, and also if no stream takes
  // the subject.
  if (status == NATS_NO_RESPONDERS || error == JSNotEnabledErr) {
    return Unreachable("no stream takes the subject");
  }
  if (error != 0) {
    return {Handover::kFailed, absl::StrCat("JetStream error ", static_cast<int>(error))};
  }
  switch (status) {
    case NATS_MAX_PAYLOAD:
      return {Handover::kRefused, TextOf(status)};
    case NATS_CONNECTION_CLOSED:
    case NATS_INSUFFICIENT_BUFFER:
      return Unreachable(TextOf(status));
    default:
      return {Handover::kFailed, TextOf(status)};
  }
}

NatsMsg MessageFor(const std::string& subject, const Message& message) {
  natsMsg* made = nullptr;
  if (natsMsg_Create(&made, subject.c_str(), nullptr, message.body.data(),
                     static_cast<int>(message.body.size())) != NATS_OK) {
    return nullptr;
  }
  NatsMsg msg(made);
  const std::string type(kCloudEventType);
  if (natsMsgHeader_Set(made, "Content-Type", type.c_str()) != NATS_OK) return nullptr;
  return msg;
}

}  // namespace

// Destroyed in the order that the library wants: JetStream, then the connection.
struct NatsConnection::Library {
  NatsOpts opts;
  NatsConn connection;
  JetStream stream;
  Mutex mutex;
  SteadyTime next_look ABSL_GUARDED_BY(mutex) = SteadyTime::InfinitePast();  // of AgainstStream
};

absl::Status CheckNatsServer(absl::string_view server) {
  const bool scheme =
      absl::ConsumePrefix(&server, "nats://") || absl::ConsumePrefix(&server, "tls://");
  const size_t colon = server.rfind(':');
  uint32_t port = 0;
  const bool fine = scheme && colon != absl::string_view::npos && colon > 0 &&
                    server.find_first_of("/@?#, ") == absl::string_view::npos &&
                    absl::SimpleAtoi(server.substr(colon + 1), &port) && port >= 1 && port <= 65535;
  if (fine) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "must be nats:// or tls://, a host and a port, and no credentials");
}

absl::StatusOr<std::unique_ptr<NatsConnection>> NatsConnection::Create(NatsOptions options) {
  natsOptions* made = nullptr;
  natsStatus status = natsOptions_Create(&made);
  auto library = std::make_unique<Library>();
  library->opts.reset(made);
  if (status == NATS_OK) status = SetServers(options, made);
  if (status == NATS_OK) status = SetPatience(made);
  if (status == NATS_OK) status = SetTls(options, made);
  if (status == NATS_OK) status = SetIdentity(options, made);
  if (status != NATS_OK) {
    return absl::InvalidArgumentError(absl::StrCat("the library refuses it: ", TextOf(status)));
  }
  return std::unique_ptr<NatsConnection>(
      new NatsConnection(std::move(options), std::move(library)));
}

NatsConnection::NatsConnection(NatsOptions options, std::unique_ptr<Library> library)
    : options_(std::move(options)), prepared_(std::move(library)) {}

NatsConnection::~NatsConnection() { Close(); }

void NatsConnection::Close() {
  std::shared_ptr<Library> library;
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    library.swap(library_);
  }
  if (library != nullptr) natsConnection_Close(library->connection.get());
}

std::shared_ptr<NatsConnection::Library> NatsConnection::Connected(std::string& reason) {
  const MutexLock lock(mutex_);
  if (closed_) {
    reason = "the end";
    return nullptr;
  }
  // The library closes the connection for good if the server refuses it twice for one reason.
  if (library_ != nullptr &&
      natsConnection_Status(library_->connection.get()) == NATS_CONN_STATUS_CLOSED) {
    library_ = nullptr;
  }
  if (library_ == nullptr) {
    auto library = std::make_shared<Library>();
    natsConnection* connection = nullptr;
    natsStatus status = natsConnection_Connect(&connection, prepared_->opts.get());
    library->connection.reset(connection);
    if (status == NATS_OK || status == NATS_NOT_YET_CONNECTED) {
      jsCtx* stream = nullptr;
      status = natsConnection_JetStream(&stream, connection, nullptr);
      library->stream.reset(stream);
    }
    if (status != NATS_OK) {
      reason = TextOf(status);
      return nullptr;
    }
    library_ = std::move(library);
  }
  if (natsConnection_Status(library_->connection.get()) == NATS_CONN_STATUS_CONNECTED) {
    return library_;
  }
  reason = "not connected";
  return nullptr;
}

std::string NatsConnection::AgainstStream(Library& library, absl::Duration left) {
  {
    const MutexLock lock(library.mutex);
    if (SteadyTime::Now() < library.next_look) return "";
  }
  const absl::Duration patience = std::min(absl::Duration(kLookTime), left / 4);
  if (patience < absl::Milliseconds(1)) return "";
  jsOptions wait;
  jsOptions_Init(&wait);
  wait.Wait = absl::ToInt64Milliseconds(patience);
  jsStreamInfo* got = nullptr;
  const natsStatus status =
      js_GetStreamInfo(&got, library.stream.get(), options_.stream.c_str(), &wait, nullptr);
  const StreamInfo info(got);
  if (status == NATS_NOT_FOUND) return "there is no such stream";
  // An account that may publish need not have the right to ask for the stream: then there is no
  // answer. The server compares each publication with the stream's name in any case (ExpectStream).
  {
    const MutexLock lock(library.mutex);
    library.next_look =
        status == NATS_TIMEOUT ? SteadyTime::Now() + kBetweenLooks : SteadyTime::InfiniteFuture();
  }
  if (status != NATS_OK) return "";
  const absl::Duration window = absl::Nanoseconds(info->Config->Duplicates);
  if (window < options_.longest_pause) {
    Log(Severity::kWarning,
        "the stream looks for duplicates for a shorter time than the forwarder may pause",
        {{"stream", options_.stream},
         {"duplicate_window_s", absl::ToInt64Seconds(window)},
         {"max_wait_s", absl::ToInt64Seconds(options_.longest_pause)}});
  }
  return "";
}

HandoverResult NatsConnection::Publish(const std::string& subject, const Message& message,
                                       SteadyTime deadline) {
  std::string reason;
  const std::shared_ptr<Library> library = Connected(reason);
  if (library == nullptr) return Unreachable(std::move(reason));
  if (std::string problem = AgainstStream(*library, deadline - SteadyTime::Now());
      !problem.empty()) {
    return Unreachable(std::move(problem));
  }
  const absl::Duration left = deadline - SteadyTime::Now();
  if (left < absl::Milliseconds(1)) return Unreachable("no time is left");
  const NatsMsg msg = MessageFor(subject, message);
  if (msg == nullptr) return Unreachable("no memory");
  jsPubOptions options;
  jsPubOptions_Init(&options);
  options.MaxWait = absl::ToInt64Milliseconds(left);
  options.MsgId = message.id.c_str();
  options.ExpectStream = options_.stream.c_str();
  jsPubAck* got = nullptr;
  auto error = static_cast<jsErrCode>(0);
  const natsStatus status = js_PublishMsg(&got, library->stream.get(), msg.get(), &options, &error);
  const PubAck ack(got);
  return HandoverOf(status, error, ack.get());
}

}  // namespace gateway::events
