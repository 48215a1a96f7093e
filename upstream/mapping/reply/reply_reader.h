// Reads one call's reply: an HTTP response and a route in, protobuf bytes or a Failure out.
#ifndef UPSTREAM_MAPPING_REPLY_REPLY_READER_H_
#define UPSTREAM_MAPPING_REPLY_REPLY_READER_H_

#include <string>
#include <variant>
#include <vector>

#include "upstream/http/message.h"
#include "upstream/mapping/drift.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {

struct Reply {
  std::string message;  // a serialized Route::reply, or google.protobuf.Empty
  std::vector<Drift> drift;
  // The upstream's own id for the request, from its headers; may be empty.
  std::string trace_id;
};

// A 2xx is a success if it can be the documented reply (see reply_floor.h). Other statuses are
// handed to error_reply.h. If the body of a 2xx cannot be read, or is not the documented reply, the
// result is a Failure with the field's path and outcome kUnknown: the upstream may have acted.
//
// A byte order mark is skipped. Repairs by json_mend.h are reported as Drift.
//
// The body of a 204 is ignored. `response.body` must have http::kBodyPadding bytes of spare
// capacity.
//
// Thread-safety: a pure function, apart from a parser that each thread keeps.
std::variant<Reply, Failure> ReadReply(const Route& route, const http::Response& response);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REPLY_REPLY_READER_H_
