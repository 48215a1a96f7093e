// The lower bound for any client that uses libcurl's connections: sends COUNT POST requests over
// HTTP/1.1 connections that libcurl made and that stay open, one request at a time on each, all on
// one thread. Prints the processor time per request in microseconds.
//
//   floor_connection URL CONNECTIONS COUNT BODY_FILE [CA_FILE]
#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

[[noreturn]] void Die(const char* why) {
  std::fprintf(stderr, "floor_connection: %s\n", why);
  std::exit(1);
}

// Returns a request with its head and body. Every call returns equal bytes.
std::string RequestTo(std::string_view url, const std::string& body) {
  const size_t host = url.find("//") + 2;
  const size_t path = url.find('/', host);
  if (path == std::string_view::npos) Die("the URL has no path");
  std::string request = "POST ";
  request.append(url.substr(path))
      .append(" HTTP/1.1\r\nHost: ")
      .append(url.substr(host, path - host));
  request +=
      "\r\nAuthorization: APIKey pnapi_v1_floor\r\nContent-Type: application/json\r\n"
      "Accept: application/json\r\nContent-Length: ";
  return request + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class Connection {
 public:
  Connection(const char* url, const char* ca_file) : easy_(curl_easy_init()) {
    CURL* const easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    if (ca_file != nullptr) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    const CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK) Die(curl_easy_strerror(code));
  }

  int fd() const {
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &fd);
    return fd;
  }

  // The request must fit into the socket's buffer.
  void Send(const std::string& request) {
    size_t sent = 0;
    const CURLcode code = curl_easy_send(easy_.get(), request.data(), request.size(), &sent);
    if (code != CURLE_OK || sent != request.size()) Die("not all of a request was taken");
    head_.clear();
    left_ = -1;
  }

  // Returns whether the whole reply was received. The reply must be a 2xx with a Content-Length.
  bool Receive() {
    std::array<char, 16384> buffer;
    while (left_ != 0) {
      size_t count = 0;
      const CURLcode code = curl_easy_recv(easy_.get(), buffer.data(), buffer.size(), &count);
      if (code == CURLE_AGAIN) return false;
      if (code != CURLE_OK || count == 0) Die("a connection ended");
      Take({buffer.data(), count});
    }
    return true;
  }

 private:
  struct Cleanup {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };

  void Take(std::string_view bytes) {
    if (left_ >= 0) {
      left_ -= static_cast<long>(bytes.size());
      return;
    }
    head_ += bytes;
    const size_t end = head_.find("\r\n\r\n");
    if (end != std::string::npos) {
      left_ = LengthIn(end) - static_cast<long>(head_.size() - end - 4);
    }
  }

  long LengthIn(size_t end) const {
    const std::string_view head = std::string_view(head_).substr(0, end);
    const size_t at = head.find("\r\nContent-Length: ");
    if (head.rfind("HTTP/1.1 2", 0) != 0 || at == std::string_view::npos) Die("unexpected reply");
    return std::atol(head.data() + at + sizeof("\r\nContent-Length: ") - 1);
  }

  const std::unique_ptr<CURL, Cleanup> easy_;
  std::string head_;
  long left_ = -1;  // bytes of the body still missing; -1: the head is not complete
};

double ProcessorMicroseconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

void Run(std::vector<std::unique_ptr<Connection>>& connections, const std::string& request,
         int count) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  int started = 0;
  for (const auto& connection : connections) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection.get();
    epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd(), &event);
    if (started++ < count) connection->Send(request);
  }
  std::array<epoll_event, 64> events;
  for (int ended = 0; ended < count;) {
    const int ready = epoll_wait(epoll, events.data(), events.size(), -1);
    for (int i = 0; i < ready; ++i) {
      auto* const connection = static_cast<Connection*>(events[i].data.ptr);
      if (!connection->Receive()) continue;
      ++ended;
      if (started++ < count) connection->Send(request);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  curl_global_init(CURL_GLOBAL_ALL);
  std::ifstream file(argv[4], std::ios::binary);
  const std::string body(std::istreambuf_iterator<char>(file), {});
  if (body.empty()) Die("the body's file has nothing in it");
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    connections.push_back(std::make_unique<Connection>(argv[1], argc > 5 ? argv[5] : nullptr));
  }
  const int count = std::atoi(argv[3]);
  const double before = ProcessorMicroseconds();
  Run(connections, RequestTo(argv[1], body), count);
  std::printf("%.2f us\n", (ProcessorMicroseconds() - before) / count);
}
