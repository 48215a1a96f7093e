// One connection of the receiver: request after request, each answered before the next is read.
//
//   idle -> read the head strictly -> Foresee -> read the body -> Take -> answer -> idle
//   if anything is wrong: answer -> read and drop what the peer still sends -> close
//
// Thread-safety: all of it runs on the receiver's thread. Lifetime: a session is held by its
// pending operations, and by nothing else; `shared` outlives it.
#ifndef SERVICE_EVENTS_RECEIVER_SESSION_H_
#define SERVICE_EVENTS_RECEIVER_SESSION_H_

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "service/events/receiver/body_reader.h"
#include "service/events/receiver/connection_stream.h"
#include "service/events/receiver/failing_sources.h"
#include "service/events/receiver/intake.h"
#include "service/events/receiver/receiver.h"
#include "service/events/receiver/strict_head.h"
#include "upstream/steady_time.h"

namespace gateway::events {

class Session;

// The data that all sessions of a receiver share.
struct SharedBySessions {
  SharedBySessions(const ReceiverOptions& given, Intake& into)
      : options(given), intake(into), failing(given.max_failures_per_second) {}

  const ReceiverOptions options;
  Intake& intake;
  boost::asio::io_context io{1};
  FailingSources failing;
  std::set<Session*> sessions;
  size_t unread_bytes = 0;  // reserved for bodies that are being read
  bool stopping = false;
  std::array<std::atomic<uint64_t>, Receiver::kAllTurned.size()> turned{};
  std::atomic<size_t> connections{0};
};

class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, std::shared_ptr<boost::asio::ssl::context> tls,
          SharedBySessions& shared);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void Begin();
  // Closes the session if no request is under way.
  void StopIfIdle();
  void Close();

  // Whether the session waits for its peer: then it may be closed to make room for another.
  // since(): when it began to wait for the present request.
  bool waits_for_peer() const { return !taking_ && !closed_; }
  SteadyTime since() const { return since_; }

 private:
  using Error = boost::beast::error_code;

  void AwaitRequest();
  void ReadHead();
  void OnHead(size_t size);
  // Admit and BeginBody check the head before the body is read. If one returns false, the request
  // was refused and answered.
  bool Admit(const Head11& head);
  bool BeginBody(const Head11& head);
  void AskForBody();
  void ReadBody();
  // Adds the next bytes of the peer to buffer_, and then calls `then`.
  void Receive(void (Session::*then)());
  void OnBody();
  void Turn(Receiver::Turned turned, int status);
  void TurnTooLarge();
  void Answer(int status, bool keep);
  void OnAnswered(bool keep);
  // Reads and drops what the peer still sends, for a while. To close at once could reset the
  // connection before the peer has read the answer.
  void Linger(size_t taken);

  SharedBySessions& shared_;
  ConnectionStream stream_;
  const std::string address_;
  boost::beast::flat_buffer buffer_;  // a head at most, and what came with its end
  std::string head_text_;
  Head11 head_;  // points into head_text_
  Address destination_;
  std::optional<BodyReader> body_;
  size_t room_ = 0;  // this session's part of shared_.unread_bytes
  std::string answer_;
  bool in_request_ = false;
  bool taking_ = false;  // Intake::Take is under way
  bool closed_ = false;
  SteadyTime since_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_RECEIVER_SESSION_H_
