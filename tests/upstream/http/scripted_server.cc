#include "tests/upstream/http/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace gateway::http {
namespace {

int Require(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::abort();
}

void Signal(int event_fd) {
  const uint64_t one = 1;
  Require(static_cast<int>(write(event_fd, &one, sizeof(one))), "write to eventfd");
}

size_t ContentLength(absl::string_view head) {
  for (absl::string_view line : absl::StrSplit(head, "\r\n")) {
    size_t length = 0;
    if (absl::StartsWithIgnoreCase(line, "content-length:") &&
        absl::SimpleAtoi(line.substr(line.find(':') + 1), &length)) {
      return length;
    }
  }
  return 0;
}

}  // namespace

Step Step::Reply(absl::string_view body, absl::string_view headers) {
  return Raw(absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(), "\r\n", headers,
                          "\r\n", body));
}

Step Step::Raw(absl::string_view output, End end) {
  return Step{.output = std::string(output), .end = end};
}

Step Step::HeldReply(absl::string_view body) {
  Step step = Reply(body);
  step.held = true;
  return step;
}

Step Step::CloseAtOnce() {
  Step step = Raw("", End::kClose);
  step.read = Read::kNothing;
  return step;
}

Step Step::ResetDuringRequest() {
  Step step = ExecuteAndReset();
  step.read = Read::kHead;
  return step;
}

Step Step::Stall() {
  Step step = HeldReply("");
  step.read = Read::kNothing;
  return step;
}

ScriptedServer::ScriptedServer(std::vector<Script> scripts, const Listen& listen)
    : ScriptedServer(std::move(scripts), Answers{}, listen) {}

ScriptedServer::ScriptedServer(Answers answers, const Listen& listen)
    : ScriptedServer({}, std::move(answers), listen) {}

ScriptedServer::ScriptedServer(std::vector<Script> scripts, Answers answers, const Listen& where)
    : scripts_(std::move(scripts)), answers_(std::move(answers)), host_(where.host) {
  if (where.certificate != nullptr) {
    context_.reset(SSL_CTX_new(TLS_server_method()));
    where.certificate->InstallIn(context_.get());
    if (where.clients != nullptr) where.clients->RequireIn(context_.get());
  }
  listener_ = Require(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(where.port);
  inet_pton(AF_INET, where.host.c_str(), &address.sin_addr);
  socklen_t size = sizeof(address);
  Require(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), "bind");
  Require(listen(listener_, 512), "listen");
  Require(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  port_ = ntohs(address.sin_port);
  release_ = Require(eventfd(0, EFD_CLOEXEC), "eventfd");
  stop_ = Require(eventfd(0, EFD_CLOEXEC), "eventfd");
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  Signal(stop_);
  acceptor_.join();
  std::map<int, std::thread> threads = state_.With([](State& state) {
    for (int fd : state.sockets) shutdown(fd, SHUT_RDWR);
    return std::move(state.threads);
  });
  for (auto& [connection, thread] : threads) thread.join();
  for (int fd : {listener_, release_, stop_}) close(fd);
}

std::string ScriptedServer::Url(absl::string_view path) const {
  return absl::StrCat(context_ == nullptr ? "http://" : "https://", host_, ":", port_, path);
}

int ScriptedServer::executions() const {
  return state_.Read([](const State& state) { return static_cast<int>(state.received.size()); });
}

int ScriptedServer::connections() const {
  return state_.Read([](const State& state) { return state.connections; });
}

std::vector<Received> ScriptedServer::received() const {
  return state_.Read([](const State& state) { return state.received; });
}

int ScriptedServer::sessions_resumed() const {
  return state_.Read([](const State& state) { return state.sessions_resumed; });
}

int ScriptedServer::most_held() const {
  return state_.Read([](const State& state) { return state.most_held; });
}

void ScriptedServer::Release() { Signal(release_); }

int ScriptedServer::SpeakUnasked() {
  const int before = state_.With([](State& state) {
    for (const int turn : state.silent) Signal(turn);
    state.speaking = static_cast<int>(state.silent.size());
    state.silent.clear();
    return state.spoken;
  });
  state_.WaitUntil([](const State& state) { return state.speaking == 0; });
  return state_.Read([](const State& state) { return state.spoken; }) - before;
}

bool ScriptedServer::WaitForExecutions(int count) const {
  return state_.WaitUntil(
      [=](const State& state) { return static_cast<int>(state.received.size()) >= count; });
}

bool ScriptedServer::WaitForDeliveries(int count) const {
  return state_.WaitUntil([=](const State& state) { return state.deliveries >= count; });
}

bool ScriptedServer::WaitForClientCloses(int count) const {
  return state_.WaitUntil([=](const State& state) { return state.client_closes >= count; });
}

bool ScriptedServer::WaitForAllClosed() const {
  return state_.WaitUntil([](const State& state) { return state.sockets.empty(); });
}

void ScriptedServer::Accept() {
  for (int connection = 0;; ++connection) {
    pollfd waiting[] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
    poll(waiting, 2, -1);
    if (waiting[1].revents != 0) return;
    const int fd = Require(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), "accept");
    // Servers usually set TCP_NODELAY. Without it, an answer may wait for the acknowledgement of
    // earlier data, and get lost with the connection.
    const int at_once = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
    JoinFinished();
    state_.With([&](State& state) {
      state.sockets.push_back(fd);
      ++state.connections;
      state.threads.emplace(connection, [this, fd, connection] { Serve(fd, connection); });
    });
  }
}

// Joins finished threads, so that a long run does not keep one thread per past connection.
void ScriptedServer::JoinFinished() {
  std::vector<std::thread> finished = state_.With([](State& state) {
    std::vector<std::thread> threads;
    for (int connection : state.finished) {
      threads.push_back(std::move(state.threads.extract(connection).mapped()));
    }
    state.finished.clear();
    return threads;
  });
  for (std::thread& thread : finished) thread.join();
}

void ScriptedServer::Serve(int fd, int connection) {
  if (const std::unique_ptr<Stream> stream = Stream::Accept(fd, context_.get())) {
    if (stream->resumed()) state_.With([](State& state) { ++state.sessions_resumed; });
    if (scripts_.empty()) {
      FollowAnswers(*stream, connection);
    } else {
      FollowScript(*stream, connection);
    }
  }
  state_.With([fd, connection](State& state) {
    std::erase(state.sockets, fd);
    close(fd);
    state.finished.push_back(connection);
  });
}

void ScriptedServer::FollowScript(Stream& stream, int connection) {
  const Script& script = scripts_[std::min<size_t>(connection, scripts_.size() - 1)];
  std::string buffer;
  for (size_t i = 0;; i += i + 1 < script.size() ? 1 : 0) {
    const Step& step = script[i];
    if (step.read != Step::Read::kNothing) {
      std::optional<Received> request = ReadHead(stream, connection, buffer);
      if (!request) return;
      if (step.read == Step::Read::kRequest) {
        if (!ReadBody(stream, *request, buffer)) return;
        if (step.executes) Count(*std::move(request));
      }
    }
    if (!Perform(stream, step)) return;
  }
}

void ScriptedServer::FollowAnswers(Stream& stream, int connection) {
  std::string buffer;
  while (true) {
    std::optional<Received> request = ReadHead(stream, connection, buffer);
    if (!request) return;
    if (answers_.on_head) {
      if (const std::optional<Step> cut = answers_.on_head(*request)) {
        if (!Perform(stream, *cut)) return;
        continue;
      }
    }
    if (!ReadBody(stream, *request, buffer)) return;
    const Step step = answers_.on_request(*request);
    if (step.executes) Count(*std::move(request));
    if (!Perform(stream, step)) return;
    if (!step.unasked.empty()) AwaitTurnToSpeak(stream, step.unasked);
  }
}

bool ScriptedServer::Perform(Stream& stream, const Step& step) {
  if (step.held && !Hold(stream.fd())) return false;
  if (step.tls == Step::Tls::kSessionTicket) stream.SendSessionTicket();
  if (step.tls == Step::Tls::kKeyUpdate) stream.SendKeyUpdate();
  if (!Write(stream, step)) return false;
  if (step.cut > 0 && !stream.WriteStartOfRecord(step.cut_off, step.cut)) return false;
  if (step.delivered) {
    stream.AwaitDelivery();
    state_.With([](State& state) { ++state.deliveries; });
  }
  if (step.end == Step::End::kClose || step.end == Step::End::kGoodbye) stream.SayGoodbye();
  if (step.end == Step::End::kReset) stream.EndWithReset();
  return step.end == Step::End::kKeepOpen || step.end == Step::End::kGoodbye;
}

// Returns nullopt if the connection ended first. The head stays in `buffer`.
std::optional<Received> ScriptedServer::ReadHead(Stream& stream, int connection,
                                                 std::string& buffer) {
  size_t head_end;
  while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!stream.ReadSome(buffer)) return std::nullopt;
  }
  Received request;
  request.head = buffer.substr(0, head_end);
  request.connection = connection;
  const std::vector<std::string> words = absl::StrSplit(request.head, absl::MaxSplits(' ', 2));
  request.method = words[0];
  request.target = words.size() > 1 ? words[1] : "";
  return request;
}

bool ScriptedServer::ReadBody(Stream& stream, Received& request, std::string& buffer) {
  const size_t begin = request.head.size() + 4;
  const size_t size = begin + ContentLength(request.head);
  while (buffer.size() < size) {
    if (!stream.ReadSome(buffer)) return false;
  }
  request.body = buffer.substr(begin, size - begin);
  buffer.erase(0, size);
  return true;
}

void ScriptedServer::Count(Received request) {
  state_.With([&](State& state) { state.received.push_back(std::move(request)); });
}

// Waits for Release. Returns false if the client closes or the server stops first.
bool ScriptedServer::Hold(int fd) {
  state_.With([](State& state) { state.most_held = std::max(state.most_held, ++state.held); });
  pollfd waiting[] = {{release_, POLLIN, 0}, {stop_, POLLIN, 0}, {fd, POLLRDHUP, 0}};
  poll(waiting, 3, -1);
  state_.With([&](State& state) {
    --state.held;
    if (waiting[2].revents != 0) ++state.client_closes;
  });
  return waiting[0].revents != 0;
}

void ScriptedServer::AwaitTurnToSpeak(Stream& stream, const std::string& unasked) {
  const int turn = Require(eventfd(0, EFD_CLOEXEC), "eventfd");
  state_.With([=](State& state) { state.silent.push_back(turn); });
  pollfd waiting[] = {{turn, POLLIN, 0}, {stop_, POLLIN, 0}, {stream.fd(), POLLIN | POLLRDHUP, 0}};
  poll(waiting, 3, -1);
  const bool speaks = waiting[0].revents != 0 && waiting[2].revents == 0;
  if (speaks && stream.WriteAll(unasked)) stream.AwaitDelivery();
  state_.With([=](State& state) {
    // If `turn` was already removed, SpeakUnasked is waiting for this connection.
    if (std::erase(state.silent, turn) == 0) --state.speaking;
    state.spoken += speaks ? 1 : 0;
  });
  close(turn);
}

// Returns false if the client closes or the server stops first.
bool ScriptedServer::Write(Stream& stream, const Step& step) {
  if (step.slice == 0) {
    bool good = stream.WriteAll(step.output);
    for (int i = 0; good && i < step.times; ++i) good = stream.WriteAll(step.repeated);
    return good;
  }
  for (size_t at = 0; at < step.output.size(); at += step.slice) {
    if (!stream.WriteAll(absl::string_view(step.output).substr(at, step.slice))) return false;
    pollfd waiting[] = {{stop_, POLLIN, 0}, {stream.fd(), POLLRDHUP, 0}};
    if (poll(waiting, 2, static_cast<int>(absl::ToInt64Milliseconds(step.pause))) > 0) return false;
  }
  return true;
}

}  // namespace gateway::http
