#include "upstream/http/multi.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::http {
namespace {

template <typename T>
void SetOption(CURLM* multi, CURLMoption option, T value, CURLMcode& status) {
  if (status == CURLM_OK) status = curl_multi_setopt(multi, option, value);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Multi>> Multi::Create(Poller* poller, int max_connections,
                                                     int max_streams_per_connection) {
  MultiHandle handle(curl_multi_init());
  if (handle == nullptr) return absl::ResourceExhaustedError("libcurl: no multi handle");
  std::unique_ptr<Multi> self(new Multi(poller, std::move(handle)));
  CURLM* multi = self->handle_.get();
  CURLMcode status = CURLM_OK;
  SetOption(multi, CURLMOPT_SOCKETFUNCTION, &Multi::OnWatch, status);
  SetOption(multi, CURLMOPT_SOCKETDATA, self.get(), status);
  SetOption(multi, CURLMOPT_TIMERFUNCTION, &Multi::OnTimer, status);
  SetOption(multi, CURLMOPT_TIMERDATA, self.get(), status);
  SetOption(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX), status);
  const long connections = max_connections;
  SetOption(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections, status);
  SetOption(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections, status);
  SetOption(multi, CURLMOPT_MAXCONNECTS, connections, status);
  const long streams = max_streams_per_connection;
  SetOption(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, streams, status);
  if (status != CURLM_OK) {
    return absl::InternalError(absl::StrCat("libcurl: ", curl_multi_strerror(status)));
  }
  return self;
}

CURLcode Multi::Add(EasyHandle& easy, void* owner) {
  easy.Set(CURLOPT_PRIVATE, owner)
      .Set(CURLOPT_OPENSOCKETFUNCTION, &Multi::OnOpen)
      .Set(CURLOPT_OPENSOCKETDATA, this)
      .Set(CURLOPT_CLOSESOCKETFUNCTION, &Multi::OnClose)
      .Set(CURLOPT_CLOSESOCKETDATA, this);
  if (easy.status() != CURLE_OK) return easy.status();
  if (curl_multi_add_handle(handle_.get(), easy.get()) != CURLM_OK) return CURLE_FAILED_INIT;
  ++transfers_;
  return CURLE_OK;
}

void Multi::Remove(EasyHandle& easy) {
  curl_multi_remove_handle(handle_.get(), easy.get());
  --transfers_;
}

void Multi::Abort(EasyHandle& easy) { easy.Set(CURLOPT_FORBID_REUSE, 1L); }

// To end a pause is documented to get a transfer going again, and with it the connection's buffered
// frames.
void Multi::Flush(EasyHandle& other) {
  curl_easy_pause(other.get(), CURLPAUSE_SEND);
  curl_easy_pause(other.get(), CURLPAUSE_CONT);
}

void Multi::OnSocket(int fd, uint32_t events) {
  int what = 0;
  if (events & (EPOLLIN | EPOLLHUP)) what |= CURL_CSELECT_IN;
  if (events & EPOLLOUT) what |= CURL_CSELECT_OUT;
  if (events & EPOLLERR) what |= CURL_CSELECT_ERR;
  int running = 0;
  curl_multi_socket_action(handle_.get(), fd, what, &running);
}

void Multi::RunTimer(Clock::time_point now) {
  if (timer_ > now) return;
  timer_ = Clock::time_point::max();
  int running = 0;
  curl_multi_socket_action(handle_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
}

std::optional<Multi::Finished> Multi::NextFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(handle_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    void* owner = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    return Finished{owner, message->data.result};
  }
  return std::nullopt;
}

int Multi::OnWatch(CURL*, curl_socket_t fd, int what, void* self, void*) {
  uint32_t events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= EPOLLIN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= EPOLLOUT;
  static_cast<Multi*>(self)->poller_->Watch(fd, events, self);
  return 0;
}

int Multi::OnTimer(CURLM*, long milliseconds, void* self) {
  static_cast<Multi*>(self)->timer_ = milliseconds < 0
                                          ? Clock::time_point::max()
                                          : Clock::now() + std::chrono::milliseconds(milliseconds);
  return 0;
}

curl_socket_t Multi::OnOpen(void* self, curlsocktype, curl_sockaddr* address) {
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  Multi& multi = *static_cast<Multi*>(self);
  multi.lacks_descriptors_ = fd < 0 && (errno == EMFILE || errno == ENFILE);
  if (fd < 0) return CURL_SOCKET_BAD;
  multi.poller_->Opened(fd);
  return fd;
}

int Multi::OnClose(void* self, curl_socket_t fd) {
  static_cast<Multi*>(self)->poller_->Closed(fd);
  return close(fd);
}

}  // namespace gateway::http
