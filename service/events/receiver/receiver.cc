#include "service/events/receiver/receiver.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/events/receiver/session.h"
#include "service/log/log.h"
#include "service/log/log_throttle.h"

namespace gateway::events {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::milliseconds kPause{100};  // after a failed accept: no descriptor is left

std::optional<tcp::endpoint> EndpointOf(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  uint32_t port = 0;
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (error || !absl::SimpleAtoi(listen.substr(colon + 1), &port) || port > 65535) {
    return std::nullopt;
  }
  return tcp::endpoint(address, static_cast<uint16_t>(port));
}

}  // namespace

class Receiver::Impl {
 public:
  Impl(const ReceiverOptions& options, Intake& intake)
      : shared_(options, intake), acceptor_(shared_.io), pause_(shared_.io) {}

  ~Impl() {
    if (!thread_.joinable()) return;
    Stop();
    asio::post(shared_.io, [this] {
      // Stop has closed the sessions without a request. The others get their answers from the log,
      // but a session that still waits for its peer is closed.
      const auto sessions = shared_.sessions;
      for (Session* const session : sessions) {
        if (session->waits_for_peer()) session->Close();
      }
    });
    thread_.join();
  }

  absl::Status Listen() {
    const std::optional<tcp::endpoint> endpoint = EndpointOf(shared_.options.listen);
    boost::system::error_code error = asio::error::invalid_argument;
    if (endpoint) acceptor_.open(endpoint->protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(*endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", shared_.options.listen, ": ", error.message()));
    }
    Accept();
    thread_ = std::thread([this] { Run(); });
    return absl::OkStatus();
  }

  void Stop() {
    asio::post(shared_.io, [this] {
      shared_.stopping = true;
      boost::system::error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
      const auto sessions = shared_.sessions;
      for (Session* const session : sessions) session->StopIfIdle();
    });
  }

  int port() const { return port_; }
  const SharedBySessions& shared() const { return shared_; }

 private:
  // A handler that throws lets go of what it held, its session for one. No other has to pay for it.
  void Run() {
    while (true) {
      try {
        shared_.io.run();
        return;
      } catch (const std::exception& fault) {
        shared_.turned[kFailed].fetch_add(1, std::memory_order_relaxed);
        if (const auto left_out = throttle_.Pass("failed", absl::Now())) {
          Log(Severity::kError, "the receiver of webhooks met a fault of its own, and goes on",
              {{"reason", std::string(fault.what())},
               {"more_since_the_last_line", static_cast<int64_t>(*left_out)}});
        }
      }
    }
  }

  // The next connection is waited for first, whatever becomes of this one.
  void Accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (shared_.stopping) return;
      if (error) return AcceptLater();
      Accept();
      if (shared_.sessions.size() >= shared_.options.max_connections) MakeRoom();
      const auto& tls = shared_.options.tls;
      std::make_shared<Session>(std::move(socket), tls ? tls() : nullptr, shared_)->Begin();
    });
  }

  void AcceptLater() {
    pause_.expires_after(kPause);
    pause_.async_wait([this](boost::system::error_code error) {
      if (!error && !shared_.stopping) Accept();
    });
  }

  // Closes the connection whose peer has been waited for the longest.
  void MakeRoom() {
    Session* oldest = nullptr;
    for (Session* const session : shared_.sessions) {
      if (!session->waits_for_peer()) continue;
      if (oldest == nullptr || session->since() < oldest->since()) oldest = session;
    }
    if (oldest == nullptr) return;
    shared_.turned[kOverloaded].fetch_add(1, std::memory_order_relaxed);
    oldest->Close();
  }

  SharedBySessions shared_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  int port_ = 0;
  LogThrottle throttle_{absl::Seconds(1)};
  std::thread thread_;
};

const char* Receiver::Name(Turned turned) {
  constexpr std::array kNames = {"malformed",  "elsewhere", "too_large", "too_slow",
                                 "overloaded", "blocked",   "failed"};
  static_assert(kNames.size() == kAllTurned.size());
  return kNames[turned];
}

absl::StatusOr<std::unique_ptr<Receiver>> Receiver::Create(const ReceiverOptions& options,
                                                           Intake& intake) {
  auto impl = std::make_unique<Impl>(options, intake);
  if (const absl::Status status = impl->Listen(); !status.ok()) return status;
  return std::unique_ptr<Receiver>(new Receiver(std::move(impl)));
}

Receiver::Receiver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Receiver::~Receiver() = default;

int Receiver::port() const { return impl_->port(); }
void Receiver::Stop() { impl_->Stop(); }

uint64_t Receiver::turned(Turned turned) const {
  return impl_->shared().turned[turned].load(std::memory_order_relaxed);
}

size_t Receiver::connections() const { return impl_->shared().connections; }

}  // namespace gateway::events
