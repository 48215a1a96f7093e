#include "service/events/postgresql/session.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "upstream/steady_time.h"

namespace gateway::events {

using ledger::PostgresqlConnection;
using ledger::PostgresqlParameters;
using ledger::Value;

absl::StatusOr<std::unique_ptr<PostgresqlSession>> PostgresqlSession::Open(
    const PostgresqlParameters& parameters, absl::Duration patience) {
  std::unique_ptr<PostgresqlSession> session(new PostgresqlSession(parameters, patience));
  const PostgresqlConnection& connection = session->connection_;
  while (!connection.ready() && !connection.dead()) session->Wait();
  if (connection.dead()) return absl::UnavailableError(connection.reason());
  // There is an index for every statement. But the server's estimate of a table's size may be an
  // hour old: it could choose a sequential scan, or compile a plan (JIT) for longer than it runs.
  session->SendText("SET enable_seqscan TO off");
  session->SendText("SET jit TO off");
  if (const absl::Status set = session->Finish(); !set.ok()) return set;
  return session;
}

void PostgresqlSession::Wait() {
  pollfd polled = {connection_.fd(), connection_.events(), 0};
  const absl::Duration pause = std::clamp(connection_.patience_ends() - SteadyTime::Now(),
                                          absl::ZeroDuration(), absl::Minutes(1));
  poll(&polled, 1, static_cast<int>(absl::ToInt64Milliseconds(pause + absl::Microseconds(999))));
  connection_.Work();
}

PostgresqlConnection::Callback PostgresqlSession::CallbackOf(Reader reader) {
  return [this, reader = std::move(reader)](const absl::StatusOr<Result>& result) mutable {
    // The first error is the cause. All later statements of the transaction fail because of it.
    if (!failure_.ok()) return;
    if (!result.ok()) {
      failure_ = result.status();
    } else if (reader) {
      failure_ = reader(*result);
    }
  };
}

void PostgresqlSession::Send(Query query, absl::Span<const Value> values, Reader reader) {
  connection_.Send(static_cast<size_t>(query), values, CallbackOf(std::move(reader)));
}

void PostgresqlSession::SendText(const std::string& sql) {
  connection_.SendText(sql.c_str(), CallbackOf(nullptr));
}

absl::Status PostgresqlSession::Finish() {
  while (connection_.pending() > 0) Wait();
  return std::exchange(failure_, absl::OkStatus());
}

absl::Status PostgresqlSession::Ask(Query query, absl::Span<const Value> values, Reader reader) {
  Send(query, values, std::move(reader));
  return Finish();
}

}  // namespace gateway::events
