#include "upstream/sandbox/faults/faulty_answer.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::sandbox {
namespace {

// The page that a proxy shows when it cannot reach its server.
constexpr char kPage[] =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

// A reply that answers no call made on this connection.
constexpr char kForeign[] = "{\"id\":\"foreign\",\"status\":\"completed\"}";

bool Send(Connection& connection, const Reply& reply) {
  return connection.Write(ReplyText(reply, connection.keep_alive())) && connection.keep_alive();
}

// Sends both replies in one write. If the foreign reply came later, a client that has already sent
// its next request would take it for the reply to that request.
bool SendWithForeign(Connection& connection, const Reply& reply) {
  const Reply foreign{200, kForeign, "application/json", {}};
  return connection.Write(ReplyText(reply, connection.keep_alive()) +
                          ReplyText(foreign, connection.keep_alive())) &&
         connection.keep_alive();
}

bool SendCut(Connection& connection, const Reply& reply) {
  const std::string text = ReplyText(reply, connection.keep_alive());
  // Cuts in the middle of the body, or in the middle of the head if there is no body.
  const size_t kept =
      reply.body.empty() ? text.size() / 2 : text.size() - (reply.body.size() + 1) / 2;
  connection.Write(absl::string_view(text).substr(0, kept));
  return false;
}

bool SendSlowly(Connection& connection, const Reply& reply, absl::Duration pause) {
  for (const char byte : ReplyText(reply, connection.keep_alive())) {
    if (!connection.Stays(pause) || !connection.Write(absl::string_view(&byte, 1))) return false;
  }
  return connection.keep_alive();
}

}  // namespace

bool AnswerWithFault(const Fault& fault, Connection& connection, const FaultyCall& call) {
  switch (fault.kind) {
    case Fault::Kind::kCommitThenDrop:
      call.execute();
      return false;
    case Fault::Kind::kDropBeforeCommit:
      connection.Reset();
      return false;
    case Fault::Kind::kDelay: {
      const Reply reply = call.tell(call.execute());
      return connection.Stays(fault.pause) && Send(connection, reply);
    }
    case Fault::Kind::kTooManyRequests: {
      Reply reply = call.refuse(429);
      reply.headers.emplace_back("Retry-After", absl::StrCat(fault.retry_after_s));
      return Send(connection, call.tell(std::move(reply)));
    }
    case Fault::Kind::kInternalError:
      if (fault.commit) call.execute();
      return Send(connection, call.tell(call.refuse(500)));
    case Fault::Kind::kBadGateway:
      if (fault.commit) call.execute();
      return Send(connection, call.tell({502, kPage, "text/html", {}}));
    case Fault::Kind::kCutReply:
      return SendCut(connection, call.tell(call.execute()));
    case Fault::Kind::kSlowReply:
      return SendSlowly(connection, call.tell(call.execute()), fault.pause);
    case Fault::Kind::kForeignReply:
      return SendWithForeign(connection, call.tell(call.execute()));
  }
  return false;
}

}  // namespace gateway::sandbox
