// Blocks all signals for the calling thread, except SIGPROF and the signals of a fault of the
// thread itself, such as SIGSEGV.
#ifndef UPSTREAM_HTTP_BLOCK_SIGNALS_H_
#define UPSTREAM_HTTP_BLOCK_SIGNALS_H_

#include <pthread.h>

#include <csignal>

namespace gateway::http {

inline void BlockSignals() {
  sigset_t set;
  sigfillset(&set);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPROF}) {
    sigdelset(&set, fault);
  }
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_BLOCK_SIGNALS_H_
