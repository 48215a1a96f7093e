// An interface that is called when each attempt of one call begins and ends. Tracing implements it,
// and adds a header to each attempt.
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

  // The attempt that the last OnAttempt announced has ended.
  virtual void OnResult(const http::Result& result) = 0;

 protected:
  ~AttemptObserver() = default;
};

}  // namespace gateway

#endif  // UPSTREAM_ATTEMPT_OBSERVER_H_
