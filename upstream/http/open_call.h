// One call of the transport, from Send to its end.
//
// Thread-safety: guarded by its dispatcher's lock, except for the const members and `done`. `done`
// belongs to the thread that took the call out of the dispatcher's table.
#ifndef UPSTREAM_HTTP_OPEN_CALL_H_
#define UPSTREAM_HTTP_OPEN_CALL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "upstream/http/connection.h"
#include "upstream/http/message.h"
#include "upstream/http/transport.h"
#include "upstream/steady_time.h"

namespace gateway::http {

struct OpenCall {
  OpenCall(Transport::CallId id, std::shared_ptr<const Request> request, SteadyTime deadline,
           Transport::Done done)
      : id(id), request(std::move(request)), deadline(deadline), done(std::move(done)) {}

  const Transport::CallId id;
  const std::shared_ptr<const Request> request;  // null: the call only waits for its deadline
  const SteadyTime deadline;
  Transport::Done done;
  // The connection that the call runs on, or is about to run on. Null while the call waits for one.
  std::shared_ptr<Connection> connection;
  // The call's place in the pool's queue, while the call waits for a connection.
  std::optional<int64_t> place;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_OPEN_CALL_H_
