#include "tests/upstream/http/stream.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace gateway::http {
namespace {

void Require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

}  // namespace

std::unique_ptr<Stream> Stream::Accept(int fd, SSL_CTX* context) {
  std::unique_ptr<Stream> stream(new Stream(fd));
  if (context == nullptr) return stream;
  stream->ssl_.reset(SSL_new(context));
  SSL_set_fd(stream->ssl_.get(), fd);
  if (SSL_accept(stream->ssl_.get()) != 1) return nullptr;
  return stream;
}

bool Stream::ReadSome(std::string& buffer) {
  char chunk[16384];
  const ssize_t count = ssl_ == nullptr ? recv(fd_, chunk, sizeof(chunk), 0)
                                        : SSL_read(ssl_.get(), chunk, sizeof(chunk));
  if (count <= 0) return false;
  buffer.append(chunk, static_cast<size_t>(count));
  return true;
}

bool Stream::SendAll(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool Stream::WriteStartOfRecord(absl::string_view data, size_t size) {
  BIO* const socket = SSL_get_wbio(ssl_.get());
  BIO* const memory = BIO_new(BIO_s_mem());
  Require(memory != nullptr && BIO_up_ref(socket) == 1, "a BIO in memory");
  SSL_set0_wbio(ssl_.get(), memory);
  Require(SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size())) > 0, "a record");
  char* bytes = nullptr;
  const auto length = static_cast<size_t>(BIO_get_mem_data(memory, &bytes));
  const std::string record(bytes, length);
  SSL_set0_wbio(ssl_.get(), socket);  // frees `memory`
  rest_of_record_ = record.substr(size);
  return SendAll(record.substr(0, size));
}

bool Stream::WriteAll(absl::string_view data) {
  if (!SendAll(std::exchange(rest_of_record_, ""))) return false;
  while (!data.empty()) {
    const ssize_t count = ssl_ == nullptr
                              ? send(fd_, data.data(), data.size(), MSG_NOSIGNAL)
                              : SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size()));
    if (count <= 0) return false;
    data.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

// Polls, because the client's kernel may delay its acknowledgement for 40 ms.
void Stream::AwaitDelivery() const {
  constexpr int kTries = 10'000;
  for (int i = 0; i < kTries; ++i) {
    int unacknowledged = 0;
    if (ioctl(fd_, SIOCOUTQ, &unacknowledged) != 0 || unacknowledged == 0) return;
    pollfd ended{fd_, POLLRDHUP, 0};
    if (poll(&ended, 1, 1) != 0) return;
  }
}

void Stream::SendSessionTicket() {
  Require(ssl_ != nullptr && SSL_new_session_ticket(ssl_.get()) == 1, "a session ticket");
  Require(SSL_do_handshake(ssl_.get()) == 1, "sending a session ticket");
}

void Stream::SendKeyUpdate() {
  Require(ssl_ != nullptr && SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED) == 1,
          "a key update");
  Require(SSL_do_handshake(ssl_.get()) == 1, "sending a key update");
}

void Stream::SayGoodbye() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_.get());
}

// With an SO_LINGER time of zero, close() sends a reset.
void Stream::EndWithReset() {
  const linger option{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &option, sizeof(option));
}

}  // namespace gateway::http
