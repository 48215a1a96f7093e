// One call's reply: an HTTP response and a route in, protobuf bytes out, or a Failure.
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
  // The upstream's own name for the request, where its headers tell it.
  std::string trace_id;
};

// A 2xx is a success if it can be the reply that is documented (see reply_floor.h); what else comes
// is handed to error_reply.h. A success whose body cannot be read, or is another answer, is a
// Failure with the field's path and outcome kUnknown: the upstream did something, and its answer
// does not say what.
//
// A byte order mark is passed over. Characters that there are not, and what else json_mend.h knows
// to mend, are told as Drift.
//
// A 204 has no body, whatever comes with it. `response.body` must have http::kBodyPadding bytes of
// spare capacity.
//
// Thread-safety: a pure function, apart from a parser that each thread keeps.
std::variant<Reply, Failure> ReadReply(const Route& route, const http::Response& response);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REPLY_REPLY_READER_H_
