// What a program may tell the sandbox: the paths under /_sandbox/api/.
//
//   GET, POST, DELETE  /_sandbox/api/faults        list, add, take all back
//   DELETE             /_sandbox/api/faults/{id}   take one back
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
#include "upstream/sandbox/http/message.h"

namespace gateway::sandbox {

class Api {
 public:
  // `faults` must outlive it. `open`: others than this machine may use it.
  Api(Faults& faults, bool open) : faults_(faults), open_(open) {}

  static bool IsOwn(const Received& received);

  Reply Answer(const Received& received, bool from_loopback) const;

 private:
  bool MayUse(const Received& received, bool from_loopback) const;
  Reply AnswerFaults(const Received& received, const std::vector<std::string>& rest) const;

  Faults& faults_;
  const bool open_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WINDOW_API_H_
