// The threads that make connections; each thread makes one connection at a time. If all threads are
// busy, new work starts another thread, up to a bound. A thread that has had nothing to do for ten
// seconds ends. If the system refuses another thread, the threads that are there do the work.
//
// Thread-safety: all methods may be called from any thread. Lifetime: Stop joins all threads, and
// the destructor calls it. What `work` uses must outlive this object.
#ifndef UPSTREAM_HTTP_CONNECTOR_THREADS_H_
#define UPSTREAM_HTTP_CONNECTOR_THREADS_H_

#include <functional>
#include <list>
#include <thread>

#include "upstream/mutex.h"
#include "upstream/start_thread.h"

namespace gateway::http {

class ConnectorThreads {
 public:
  // `work` does one piece of work, and may block. It returns false if there was none. Several
  // threads call it.
  ConnectorThreads(int max_threads, std::function<bool()> work, ThreadMaker make_thread);
  ~ConnectorThreads();
  ConnectorThreads(const ConnectorThreads&) = delete;
  ConnectorThreads& operator=(const ConnectorThreads&) = delete;

  // Says that there is one more piece of work. Never blocks. Returns false if nobody will do it: no
  // thread is there, and the system refuses one. After Stop, returns true and does nothing.
  [[nodiscard]] bool Wake();

  // Waits for the work that is under way, and joins the threads.
  void Stop();

 private:
  using Threads = std::list<std::thread>;

  void Run(Threads::iterator self);
  bool Await(Threads::iterator self);
  bool AddThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Join(Threads threads);

  const int max_threads_;
  const std::function<bool()> work_;
  const ThreadMaker make_thread_;

  Mutex mutex_;
  CondVar changed_;
  int wanted_ ABSL_GUARDED_BY(mutex_) = 0;  // pieces of work that no thread has looked for yet
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  Threads threads_ ABSL_GUARDED_BY(mutex_);
  Threads ended_ ABSL_GUARDED_BY(mutex_);  // to be joined
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_CONNECTOR_THREADS_H_
