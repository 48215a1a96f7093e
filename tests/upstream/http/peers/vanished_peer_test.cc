// A host that dies silently: its packets are lost, and a second host takes over its name or its
// address. Calls continue at 20 per second with a deadline of one second, over a pool full of
// connections to the first host. From the first lost call until the first call answered by the
// second host, at most two deadlines may pass.

#include <arpa/inet.h>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/left_out.h"
#include "tests/upstream/http/guarded.h"
#include "tests/upstream/http/peers/network_namespace.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace {

constexpr char kName[] = "moving.test";

// The address that kName resolves to, in host byte order.
std::atomic<uint32_t> address_of_name{INADDR_LOOPBACK};

}  // namespace

// This program's own getaddrinfo, which libcurl finds before the C library's.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  static const auto original =
      reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (node == nullptr || std::string(node) != kName) return original(node, service, hints, result);
  const in_addr address{.s_addr = htonl(address_of_name)};
  char text[INET_ADDRSTRLEN];
  return original(inet_ntop(AF_INET, &address, text, sizeof(text)), service, hints, result);
}

namespace gateway::http {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(1);
constexpr absl::Duration kBetweenCalls = absl::Milliseconds(50);
// More connections than calls within one deadline: trying them one after the other would take too
// long.
constexpr int kConnections = 30;

void PointNameTo(const std::string& address) {
  in_addr parsed{};
  inet_pton(AF_INET, address.c_str(), &parsed);
  address_of_name = ntohl(parsed.s_addr);
}

const TestCertificate& CertificateOfName() {
  static const TestCertificate certificate({.subject_alternative_name = "DNS:moving.test"});
  return certificate;
}

// Answers with its own name; answers "/warm" only when kConnections such requests have arrived.
class NamedServer {
 public:
  NamedServer(Wire wire, std::string name, std::string host, int port = 0)
      : name_(std::move(name)),
        server_({.on_request = [this](const Received& request) { return Answer(request); }},
                Listen{.host = std::move(host),
                       .port = port,
                       .certificate = wire == Wire::kTls ? &CertificateOfName() : nullptr}) {}

  int port() const { return server_.port(); }

 private:
  Step Answer(const Received& request) {
    if (request.target == "/warm") {
      warm_.With([](int& count) { ++count; });
      warm_.WaitUntil([](int count) { return count >= kConnections; });
    }
    return Step::Reply(name_);
  }

  const std::string name_;
  Guarded<int> warm_;
  ScriptedServer server_;
};

// The first server, in a process of its own that can be stopped. Its kernel still acknowledges data
// while the process is stopped.
class StoppableServer {
 public:
  // Call this while the program has a single thread.
  explicit StoppableServer(Wire wire) {
    int port_pipe[2];
    if (pipe(port_pipe) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const NamedServer server(wire, "first", "127.0.0.2");
      const int port = server.port();
      if (write(port_pipe[1], &port, sizeof(port)) != sizeof(port)) std::abort();
      while (true) pause();
    }
    if (read(port_pipe[0], &port_, sizeof(port_)) != sizeof(port_)) std::abort();
    close(port_pipe[0]);
    close(port_pipe[1]);
  }
  ~StoppableServer() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  StoppableServer(const StoppableServer&) = delete;
  StoppableServer& operator=(const StoppableServer&) = delete;

  int port() const { return port_; }
  void Stop() { kill(pid_, SIGSTOP); }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
};

// Whether this port of 127.0.0.1 is free.
bool IsFree(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return free;
}

// Starts calls at their rate, and records the result of each.
class Calls {
 public:
  struct Call {
    SteadyTime begun;
    SteadyTime ended = SteadyTime::InfiniteFuture();
    std::string result;
  };

  Calls(Transport& transport, std::string url) : transport_(transport), url_(std::move(url)) {}

  // Runs until `stop` returns true, then waits for the last calls.
  void Run(const std::function<bool()>& stop) {
    for (auto next = std::chrono::steady_clock::now(); !stop();) {
      Begin();
      next += absl::ToChronoMilliseconds(kBetweenCalls);
      std::this_thread::sleep_until(next);
    }
    EXPECT_TRUE(state_.WaitUntil([](const State& state) { return state.open == 0; }));
  }

  SteadyTime FirstEnd(const std::string& result) const {
    return state_.Read([&](const State& state) {
      SteadyTime first = SteadyTime::InfiniteFuture();
      for (const Call& call : state.calls) {
        if (call.result == result) first = std::min(first, call.ended);
      }
      return first;
    });
  }

  std::vector<Call> all() const {
    return state_.Read([](const State& state) { return state.calls; });
  }

 private:
  struct State {
    std::vector<Call> calls;
    int open = 0;
  };

  void Begin() {
    const size_t index = state_.With([](State& state) {
      state.calls.push_back({.begun = SteadyTime::Now(), .result = ""});
      ++state.open;
      return state.calls.size() - 1;
    });
    transport_.Send(WithDeadline(Post(url_, "{}"), kDeadline), [this, index](Result result) {
      state_.With([&](State& state) {
        state.calls[index].ended = SteadyTime::Now();
        state.calls[index].result = Summary(result);
        --state.open;
      });
    });
  }

  Transport& transport_;
  const std::string url_;
  Guarded<State> state_;
};

class VanishedPeerTest : public testing::TestWithParam<Wire> {
 protected:
  // Keeps calling while `vanish` happens, until the second server answers. Returns the number of
  // lost calls.
  int Expect(int port, const std::function<void()>& vanish) {
    const std::string url =
        absl::StrCat(GetParam() == Wire::kTls ? "https://" : "http://", kName, ":", port, "/");
    Options options;
    options.tls.authorities = CertificateOfName().authority();
    const auto transport = MakeTransport(url, options);
    FillPool(*transport, url + "warm");

    Calls calls(*transport, url);
    const SteadyTime begin = SteadyTime::Now();
    SteadyTime vanished = SteadyTime::InfiniteFuture();
    calls.Run([&] {
      const SteadyTime now = SteadyTime::Now();
      if (vanished == SteadyTime::InfiniteFuture() && now - begin > absl::Seconds(1)) {
        vanish();
        vanished = SteadyTime::Now();
      }
      return calls.FirstEnd("200 second") < now || now - begin > absl::Seconds(20);
    });
    return Judge(calls, vanished, transport->Snapshot());
  }

 private:
  static void FillPool(Transport& transport, const std::string& url) {
    std::vector<Awaited> warm;
    for (int i = 0; i < kConnections; ++i) warm.push_back(Start(transport, Get(url)));
    for (const Awaited& call : warm) ASSERT_EQ(Summary(call), "200 first");
    ASSERT_EQ(transport.Snapshot().connections_open, kConnections);
  }

  int Judge(const Calls& calls, SteadyTime vanished, const Stats& stats) {
    SteadyTime first_lost = SteadyTime::InfiniteFuture();
    int lost = 0;
    int not_sent = 0;
    for (const Calls::Call& call : calls.all()) {
      if (call.result == "200 first" || call.result == "200 second") continue;
      first_lost = std::min(first_lost, call.begun);
      (absl::StrContains(call.result, "not sent") ? not_sent : lost) += 1;
    }
    const SteadyTime good = calls.FirstEnd("200 second");
    std::cout << Name(GetParam()) << ": first call lost " << first_lost - vanished
              << " after the host vanished, first one answered by the second " << good - first_lost
              << " later; " << lost << " lost, " << not_sent << " not sent, " << stats.silences
              << " silences, " << stats.connections_closed_for_silence
              << " idle connections closed for it\n";
    EXPECT_GT(lost, 0) << "nothing was lost: nothing was tried";
    EXPECT_LE(good - first_lost, 2 * kDeadline);
    return lost;
  }
};

TEST_P(VanishedPeerTest, AStoppedPeerWhoseNameMoves) {
  PointNameTo("127.0.0.2");
  auto first = std::make_unique<StoppableServer>(GetParam());
  while (!IsFree(first->port())) first = std::make_unique<StoppableServer>(GetParam());
  const NamedServer second(GetParam(), "second", "127.0.0.1", first->port());
  Expect(first->port(), [&] {
    first->Stop();
    PointNameTo("127.0.0.1");
  });
}

TEST_P(VanishedPeerTest, AHostWhoseNameMoves) {
  if (std::string why; !NetworkNamespace::IsPermitted(why)) return LeaveOut(why);
  const NamedServer second(GetParam(), "second", "127.0.0.1");
  NetworkNamespace host("a");
  host.TakeAddress();
  PointNameTo(host.Address());
  std::unique_ptr<NamedServer> first;
  host.Run([&] {
    first = std::make_unique<NamedServer>(GetParam(), "first", host.Address(), second.port());
  });
  Expect(first->port(), [&] {
    host.CutOff();
    PointNameTo("127.0.0.1");
  });
}

// The second host knows none of the first host's connections, and resets them.
TEST_P(VanishedPeerTest, AHostWhoseAddressMoves) {
  if (std::string why; !NetworkNamespace::IsPermitted(why)) return LeaveOut(why);
  NetworkNamespace host("a");
  NetworkNamespace other("b");
  host.TakeAddress();
  PointNameTo(host.Address());
  std::unique_ptr<NamedServer> first;
  std::unique_ptr<NamedServer> second;
  host.Run([&] { first = std::make_unique<NamedServer>(GetParam(), "first", host.Address()); });
  other.Run([&] {
    second = std::make_unique<NamedServer>(GetParam(), "second", other.Address(), first->port());
  });
  const int lost = Expect(first->port(), [&] {
    host.CutOff();
    other.TakeAddress();
  });
  EXPECT_LT(lost, kConnections / 2) << "each kept connection cost a call";
}

INSTANTIATE_TEST_SUITE_P(, VanishedPeerTest, testing::Values(Wire::kPlain, Wire::kTls),
                         [](const auto& info) { return Name(info.param); });

}  // namespace
}  // namespace gateway::http
