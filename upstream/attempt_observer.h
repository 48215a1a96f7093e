// Sees the attempts of one call go out and come back: for tracing, which gives each a header.
//
// Thread-safety: an observer need not be; the attempts of a call follow one another. It must not
// block.
#ifndef UPSTREAM_ATTEMPT_OBSERVER_H_
#define UPSTREAM_ATTEMPT_OBSERVER_H_

#include "upstream/http/message.h"

namespace gateway {

class AttemptObserver {
 public:
  // An attempt is about to be handed to the transport. What is added to its headers goes out with
  // it, and not with the next.
  virtual void OnAttempt(http::HeaderLines& headers) = 0;

  // That attempt is over.
  virtual void OnResult(const http::Result& result) = 0;

 protected:
  ~AttemptObserver() = default;
};

}  // namespace gateway

#endif  // UPSTREAM_ATTEMPT_OBSERVER_H_
