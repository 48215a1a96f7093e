// One call as those outside see it: the trace that it is part of, continued or begun, and the ids
// by which its log lines, its error and its attempts upstream are found again.
//
//   CallTrace trace(context);
//   Log(Severity::kWarning, "...", trace.ids(), {...});
//   client->Call(..., &trace);
//
// Thread-safety: none but that of AttemptObserver. Lifetime: a part of its call.
#ifndef SERVICE_CALL_TRACE_H_
#define SERVICE_CALL_TRACE_H_

#include <grpcpp/server_context.h>

#include <string>
#include <vector>

#include "service/log.h"
#include "service/trace_context.h"
#include "upstream/attempt_observer.h"

namespace gateway {

class CallTrace final : public AttemptObserver {
 public:
  // Reads the caller's metadata, and adds the trailer `x-request-id`: what the caller sent under
  // this name, if that is 1 to 128 visible ASCII characters, or else a new one.
  explicit CallTrace(grpc::ServerContextBase& context);

  LogIds ids() const;
  std::string trace_id() const { return Text(context_.trace_id); }

  // Each attempt is a span of its own, a child of the call's, and tells its id upstream.
  void OnAttempt(std::vector<std::string>& headers) override;
  void OnResult(const http::Result& result) override;

 private:
  TraceContext context_;  // its span is the call's own
  std::string request_id_;
};

}  // namespace gateway

#endif  // SERVICE_CALL_TRACE_H_
