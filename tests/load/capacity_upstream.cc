#include "tests/load/capacity_upstream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gateway::load {
namespace {

// The values that epoll reports for the listener, the timer and the stop event. Larger values are
// connections.
enum : uint64_t { kListener, kTimer, kStop, kFirstConnection };

constexpr char kServerErrorReply[] =
    "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
    "Content-Length: 2\r\n\r\n{}";

int Require(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::abort();
}

void Watch(int poller, int fd, uint64_t id, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  Require(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

size_t ContentLength(absl::string_view head) {
  size_t length = 0;
  for (absl::string_view line : absl::StrSplit(head, "\r\n")) {
    constexpr absl::string_view kName = "content-length:";
    if (!absl::StartsWithIgnoreCase(line, kName)) continue;
    if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(line.substr(kName.size())), &length)) {
      std::abort();
    }
  }
  return length;
}

// Returns 17 for ".../orders/17/refund HTTP/1.1", and 0 without an order.
uint64_t MarkerOf(absl::string_view request_line) {
  constexpr absl::string_view kOrders = "/orders/";
  const size_t at = request_line.find(kOrders);
  if (at == absl::string_view::npos) return 0;
  const absl::string_view rest = request_line.substr(at + kOrders.size());
  uint64_t marker = 0;
  return absl::SimpleAtoi(rest.substr(0, rest.find_first_of("/ ?")), &marker) ? marker : 0;
}

}  // namespace

CapacityUpstream::CapacityUpstream(Options options)
    : options_(std::move(options)), random_(options_.seed), next_id_(kFirstConnection) {
  Listen();
  poller_ = Require(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  timer_ = Require(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create");
  stop_ = Require(eventfd(0, EFD_CLOEXEC), "eventfd");
  Watch(poller_, listener_, kListener, EPOLLIN);
  Watch(poller_, timer_, kTimer, EPOLLIN);
  Watch(poller_, stop_, kStop, EPOLLIN);
  thread_ = std::thread([this] { Run(); });
}

CapacityUpstream::~CapacityUpstream() {
  const uint64_t one = 1;
  Require(static_cast<int>(write(stop_, &one, sizeof(one))), "write to eventfd");
  thread_.join();
  for (const auto& [id, connection] : connections_) close(connection.fd);
  for (int fd : {listener_, poller_, timer_, stop_}) close(fd);
}

void CapacityUpstream::Listen() {
  listener_ = Require(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  Require(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), "bind");
  Require(listen(listener_, 1024), "listen");
  Require(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  port_ = ntohs(address.sin_port);
}

std::string CapacityUpstream::Url() const { return absl::StrCat("http://127.0.0.1:", port_); }

double CapacityUpstream::capacity() const {
  return options_.workers / absl::ToDoubleSeconds(options_.service_time);
}

CapacityUpstream::Counters CapacityUpstream::counters() const {
  return counters_.Read([](const Counters& counters) { return counters; });
}

bool CapacityUpstream::WaitForRequests(int64_t count) const {
  return counters_.WaitUntil([=](const Counters& counters) { return counters.requests >= count; });
}

void CapacityUpstream::Run() {
  while (true) {
    epoll_event events[256];
    const int count = epoll_wait(poller_, events, std::size(events), -1);
    if (count < 0 && errno == EINTR) continue;
    Require(count, "epoll_wait");
    for (int i = 0; i < count; ++i) {
      switch (events[i].data.u64) {
        case kStop:
          return;
        case kListener:
          Accept();
          break;
        case kTimer:
          EndWork();
          break;
        default:
          OnConnection(events[i].data.u64, events[i].events);
      }
    }
    StartWaiting();
    SetTimer();
    counters_.With([this](Counters& counters) { counters.connections = connections_.size(); });
  }
}

void CapacityUpstream::Accept() {
  int fd;
  while ((fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const uint64_t id = next_id_++;
    connections_.emplace(id, Connection{.fd = fd, .input = "", .output = ""});
    Watch(poller_, fd, id, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }
}

void CapacityUpstream::OnConnection(uint64_t id, uint32_t events) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  if ((events & EPOLLOUT) != 0 && !Flush(id, connection)) return;
  char chunk[65536];
  ssize_t size;
  while ((size = read(connection.fd, chunk, sizeof(chunk))) > 0) {
    connection.input.append(chunk, static_cast<size_t>(size));
  }
  if (size == 0 || errno != EAGAIN) return Close(id);
  TakeRequest(id, connection);
}

void CapacityUpstream::TakeRequest(uint64_t id, Connection& connection) {
  if (connection.busy) return;
  const size_t head_end = connection.input.find("\r\n\r\n");
  if (head_end == std::string::npos) return;
  const absl::string_view head = absl::string_view(connection.input).substr(0, head_end);
  const size_t size = head_end + 4 + ContentLength(head);
  if (connection.input.size() < size) return;
  const absl::string_view line = head.substr(0, head.find("\r\n"));
  Record(line);
  connection.for_tags = absl::StrContains(line, "/tags ");
  connection.input.erase(0, size);
  connection.busy = true;
  waiting_.push_back(id);
}

// Counts on arrival: even if the connection is gone later, the request counts as executed.
void CapacityUpstream::Record(absl::string_view request_line) {
  counters_.With([&](Counters& counters) {
    ++counters.requests;
    if (absl::StartsWith(request_line, "POST ")) ++counters.writes[MarkerOf(request_line)];
    counters.most_waiting = std::max(counters.most_waiting, waiting_.size());
  });
}

void CapacityUpstream::StartWaiting() {
  const auto now = Clock::now();
  while (!waiting_.empty() && working_.size() < static_cast<size_t>(options_.workers)) {
    // A worker does not notice that its client has gone.
    const double varied = std::uniform_real_distribution<double>(0.9, 1.1)(random_);
    working_.emplace(now + absl::ToChronoNanoseconds(varied * options_.service_time),
                     waiting_.front());
    waiting_.pop_front();
  }
}

void CapacityUpstream::EndWork() {
  uint64_t expirations;
  if (read(timer_, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN) std::abort();
  const auto now = Clock::now();
  while (!working_.empty() && working_.begin()->first <= now) {
    const uint64_t id = working_.begin()->second;
    working_.erase(working_.begin());
    Answer(id, Draw());
  }
}

Fault CapacityUpstream::Draw() {
  const double drawn = std::uniform_real_distribution<double>(0, 100)(random_);
  if (drawn >= options_.fault_percent) return Fault::kNone;
  return static_cast<Fault>(1 + random_() % (kFaults - 1));
}

void CapacityUpstream::Answer(uint64_t id, Fault fault) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  counters_.With([&](Counters& counters) { ++counters.faults[static_cast<size_t>(fault)]; });
  const std::string& reply = connection.for_tags ? options_.reply_to_tags : options_.reply;
  switch (fault) {
    case Fault::kStall:
      return;  // never answers; the client gives up
    case Fault::kClose:
      return Close(id);
    case Fault::kReset:
      return Close(id, true);
    case Fault::kServerError:
      connection.output += kServerErrorReply;
      break;
    case Fault::kNone:
      absl::StrAppend(&connection.output,
                      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ",
                      reply.size(), "\r\n\r\n", reply);
  }
  connection.busy = false;
  if (Flush(id, connection)) TakeRequest(id, connection);
}

bool CapacityUpstream::Flush(uint64_t id, Connection& connection) {
  while (!connection.output.empty()) {
    const ssize_t size =
        send(connection.fd, connection.output.data(), connection.output.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EAGAIN) return true;
    if (size < 0) {
      Close(id);
      return false;
    }
    connection.output.erase(0, static_cast<size_t>(size));
  }
  return true;
}

void CapacityUpstream::Close(uint64_t id, bool reset) {
  const auto found = connections_.find(id);
  if (reset) {
    const linger option{.l_onoff = 1, .l_linger = 0};
    setsockopt(found->second.fd, SOL_SOCKET, SO_LINGER, &option, sizeof(option));
  }
  close(found->second.fd);
  connections_.erase(found);
}

void CapacityUpstream::SetTimer() {
  itimerspec setting{};
  if (!working_.empty()) {
    const auto left = std::max<std::chrono::nanoseconds>(working_.begin()->first - Clock::now(),
                                                         std::chrono::nanoseconds(1));
    setting.it_value.tv_sec = left.count() / 1'000'000'000;
    setting.it_value.tv_nsec = left.count() % 1'000'000'000;
  }
  Require(timerfd_settime(timer_, 0, &setting, nullptr), "timerfd_settime");
}

}  // namespace gateway::load
