// Writes lines to a descriptor that perhaps nobody reads. A write waits at most 0.1 s in all for
// room in a pipe. If that was in vain, later writes do not wait as long as the pipe stays full.
//
//   PatientWriter writer;
//   size_t done = 0;
//   if (writer.Write(fd, lines, done) == PatientWriter::kNoRoom) ...  // done bytes are written
//
// A line of up to PIPE_BUF bytes is written to a pipe whole or not at all. A longer line may be cut
// short; then the next line still begins on a line of its own.
//
// Thread-safety: may be used from any thread. Lines of threads do not mix, and a thread that waits
// for room keeps no other thread waiting, except within a line above PIPE_BUF. The descriptor may
// block or not; a writer is for one descriptor.
#ifndef SERVICE_LOG_PATIENT_WRITER_H_
#define SERVICE_LOG_PATIENT_WRITER_H_

#include <atomic>
#include <cstddef>

#include "absl/strings/string_view.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway {

class PatientWriter {
 public:
  // After kError, errno has the reason.
  enum Result { kWritten, kNoRoom, kError };

  // Writes the lines after the first `done` bytes, and advances `done`. Each line must have its
  // line end.
  Result Write(int fd, absl::string_view lines, size_t& done);

  // The descriptor leads to another file now.
  void Restart();

 private:
  bool AwaitRoom(int fd, SteadyTime until);
  Result WriteLines(int fd, absl::string_view lines, SteadyTime until, size_t& done)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::atomic<bool> stuck_{false};  // the last write has waited in vain
  Mutex mutex_;
  bool torn_ ABSL_GUARDED_BY(mutex_) = false;  // the last line was cut short
};

}  // namespace gateway

#endif  // SERVICE_LOG_PATIENT_WRITER_H_
