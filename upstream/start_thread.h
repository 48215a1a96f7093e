// Starts a thread, and reports by a status that the system refuses one. std::thread throws instead.
// An exception ends the process or, on a thread of gRPC, is swallowed together with the call.
//
//   absl::StatusOr<std::thread> thread = StartThread([this] { Run(); });
//   if (!thread.ok()) return thread.status();
//   thread_ = *std::move(thread);
//
// Threads that start together with the process may use std::thread: if one cannot be had, the
// process ends before it serves anybody.
//
// Thread-safety: may be called from any thread.
// Errors: RESOURCE_EXHAUSTED if the limit of threads is reached (the user's or the cgroup's), or if
// no memory is left for a stack.
#ifndef UPSTREAM_START_THREAD_H_
#define UPSTREAM_START_THREAD_H_

#include <exception>
#include <functional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace gateway {

// Makes a thread that runs the function, or throws as std::thread does. Tests pass one that throws.
using ThreadMaker = std::function<std::thread(std::function<void()>)>;

inline std::thread MakeThread(std::function<void()> run) { return std::thread(std::move(run)); }

inline absl::StatusOr<std::thread> StartThread(std::function<void()> run,
                                               const ThreadMaker& make = MakeThread) {
  try {
    return make(std::move(run));
  } catch (const std::exception& error) {
    return absl::ResourceExhaustedError(absl::StrCat("no thread can be started: ", error.what()));
  }
}

}  // namespace gateway

#endif  // UPSTREAM_START_THREAD_H_
