// Is told when each attempt of one call begins and ends. For tracing, which gives each attempt a
// header.
//
// Thread-safety: none needed, since the attempts of a call follow one another. An observer must not
// block.
#ifndef UPSTREAM_ATTEMPT_OBSERVER_H_
#define UPSTREAM_ATTEMPT_OBSERVER_H_

#include "upstream/http/message.h"

namespace gateway {

class AttemptObserver {
 public:
  // An attempt is about to be handed to the transport. Headers that are added here go out with this
  // attempt only.
  virtual void OnAttempt(http::HeaderLines& headers) = 0;

  // The attempt of the last OnAttempt is over.
  virtual void OnResult(const http::Result& result) = 0;

 protected:
  ~AttemptObserver() = default;
};

}  // namespace gateway

#endif  // UPSTREAM_ATTEMPT_OBSERVER_H_
