// Answers to probes:
//
//   request              answer
//   GET /healthz         200: the process is there
//   GET /readyz          200 or 503: the status of the name "" in grpc.health.v1
//   GET /readyz/paynow   200 or 503: the status of another name; 404 if it is unknown
//
// Thread-safety: may be called from any thread.
#ifndef SERVICE_PORT_PROBES_H_
#define SERVICE_PORT_PROBES_H_

#include "absl/strings/string_view.h"
#include "service/port/health_service.h"
#include "service/port/plain_http.h"

namespace gateway {

PlainHttp::Answer AnswerProbe(absl::string_view path, const HealthService& health);

}  // namespace gateway

#endif  // SERVICE_PORT_PROBES_H_
