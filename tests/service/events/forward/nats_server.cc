#include "tests/service/events/forward/nats_server.h"

#include <arpa/inet.h>
#include <nats/nats.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway {
namespace {

void Require(bool fine, const char* what) {
  if (fine) return;
  std::cerr << what << "\n";
  std::abort();
}

void Require(natsStatus status, const char* what) {
  if (status == NATS_OK) return;
  std::cerr << what << ": " << natsStatus_GetText(status) << "\n";
  std::abort();
}

// Returns a port that was free a moment ago. The server uses this port after each start.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  Require(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
              getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "no free port");
  close(fd);
  return ntohs(address.sin_port);
}

// A connection by which the test itself uses the server.
class Client {
 public:
  explicit Client(const std::string& url) {
    Require(natsConnection_ConnectTo(&connection_, url.c_str()), "connect");
    Require(natsConnection_JetStream(&stream_, connection_, nullptr), "JetStream");
  }
  ~Client() {
    jsCtx_Destroy(stream_);
    natsConnection_Destroy(connection_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  jsCtx* stream() const { return stream_; }

 private:
  natsConnection* connection_ = nullptr;
  jsCtx* stream_ = nullptr;
};

// Returns the stream's counters. The pointers in the result are dangling.
jsStreamState StateOf(const Client& client, const std::string& stream) {
  jsStreamInfo* info = nullptr;
  Require(js_GetStreamInfo(&info, client.stream(), stream.c_str(), nullptr, nullptr), "info");
  const jsStreamState state = info->State;
  jsStreamInfo_Destroy(info);
  return state;
}

std::string HeaderOf(natsMsg* message, const char* name) {
  const char* value = nullptr;
  return natsMsgHeader_Get(message, name, &value) == NATS_OK && value != nullptr ? value : "";
}

}  // namespace

NatsServer::NatsServer(const std::string& more, bool running) : more_(more), port_(FreePort()) {
  if (running) Start();
}

void NatsServer::Start() {
  const std::string config = directory_.Write(
      "nats.conf", absl::StrCat("host: 127.0.0.1\nport: ", port_, "\njetstream { store_dir: \"",
                                directory_.Path("store"), "\" }\n", more_, "\n"));
  child_ =
      std::make_unique<ChildProcess>(std::vector<std::string>{"nats-server", "--config", config});
  Require(!child_->WaitForLine("Server is ready").empty(), child_->err().c_str());
}

void NatsServer::Kill() {
  child_->Signal(SIGKILL);
  child_->Wait();
}

std::string NatsServer::Url() const { return absl::StrCat("nats://127.0.0.1:", port_); }

void NatsServer::AddStream(const std::string& name, const std::string& subjects,
                           int64_t duplicate_window_seconds) {
  const Client client(Url());
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  const char* const taken[] = {subjects.c_str()};
  config.Name = name.c_str();
  config.Subjects = const_cast<const char**>(taken);
  config.SubjectsLen = 1;
  config.Duplicates = duplicate_window_seconds * 1'000'000'000;
  Require(js_AddStream(nullptr, client.stream(), &config, nullptr, nullptr), "add stream");
}

uint64_t NatsServer::Count(const std::string& stream) {
  return StateOf(Client(Url()), stream).Msgs;
}

std::vector<NatsServer::Stored> NatsServer::Messages(const std::string& stream) {
  const Client client(Url());
  const jsStreamState state = StateOf(client, stream);
  std::vector<Stored> messages;
  for (uint64_t number = state.FirstSeq; number != 0 && number <= state.LastSeq; ++number) {
    natsMsg* message = nullptr;
    Require(js_GetMsg(&message, client.stream(), stream.c_str(), number, nullptr, nullptr), "get");
    messages.push_back({natsMsg_GetSubject(message), HeaderOf(message, "Nats-Msg-Id"),
                        HeaderOf(message, "Content-Type"),
                        std::string(natsMsg_GetData(message),
                                    static_cast<size_t>(natsMsg_GetDataLength(message)))});
    natsMsg_Destroy(message);
  }
  return messages;
}

}  // namespace gateway
