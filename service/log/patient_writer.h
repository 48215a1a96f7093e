// Writes to a descriptor that perhaps nobody reads. If a pipe is full, the writer waits for 0.1 s
// once. As long as the pipe then stays full, later writes do not wait.
//
//   PatientWriter writer;
//   size_t done = 0;
//   if (writer.Write(fd, line, done) == PatientWriter::kNoRoom) ...  // done bytes are written
//
// Thread-safety: none. The descriptor may block or not.
#ifndef SERVICE_LOG_PATIENT_WRITER_H_
#define SERVICE_LOG_PATIENT_WRITER_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace gateway {

class PatientWriter {
 public:
  // After kError, errno has the reason.
  enum Result { kWritten, kNoRoom, kError };

  // Writes the bytes after the first `done`, and advances `done`. Waits at most 0.1 s each time
  // that the pipe runs out of room.
  Result Write(int fd, absl::string_view bytes, size_t& done);

 private:
  bool HasRoom(int fd);

  bool stuck_ = false;
};

}  // namespace gateway

#endif  // SERVICE_LOG_PATIENT_WRITER_H_
