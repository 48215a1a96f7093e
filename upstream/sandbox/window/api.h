// What a program may tell the sandbox: the paths under /_sandbox/api/.
//
//   GET, POST, DELETE  /_sandbox/api/faults        list, add, take all back
//   DELETE             /_sandbox/api/faults/{id}   take one back
//   GET                /_sandbox/api/deliveries    the log of webhooks
//   POST               /_sandbox/api/deliveries/{id}  {"how": "again" | "twice" | "late" |
//   "tampered"} POST               /_sandbox/api/deliveries    {"reverse": 2}: the next two go out
//   in reverse POST               /_sandbox/api/events        {"type", "id"}: tell this of this
//   record POST               /_sandbox/api/clock         {"forward_s": 2592000} GET
//   /_sandbox/api/export        all records, in the form of a seed
//
// It knows no key. So it answers this machine alone, unless the sandbox is told otherwise, and
// nothing that a foreign page in a browser can send.
//
// Thread-safe.
#ifndef UPSTREAM_SANDBOX_WINDOW_API_H_
#define UPSTREAM_SANDBOX_WINDOW_API_H_

#include <string>
#include <vector>

#include "upstream/sandbox/faults/faults.h"
#include "upstream/sandbox/handler.h"
#include "upstream/sandbox/http/message.h"
#include "upstream/sandbox/webhooks/courier.h"

namespace gateway::sandbox {

class Api {
 public:
  // All must outlive it. `open`: others than this machine may use it.
  Api(Faults& faults, Handler& handler, Courier& courier, bool open)
      : faults_(faults), handler_(handler), courier_(courier), open_(open) {}

  static bool IsOwn(const Received& received);

  Reply Answer(const Received& received, bool from_loopback) const;

 private:
  bool MayUse(const Received& received, bool from_loopback) const;
  Reply AnswerFaults(const Received& received, const std::vector<std::string>& rest) const;
  Reply AnswerDeliveries(const Received& received, const std::vector<std::string>& rest) const;
  Reply Order(const std::string& what, const Json& asked) const;

  Faults& faults_;
  Handler& handler_;
  Courier& courier_;
  const bool open_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WINDOW_API_H_
