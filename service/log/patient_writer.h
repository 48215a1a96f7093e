// Writes where nobody may be reading: a pipe that is full takes a moment of patience one time, and
// no more of it until it has room again.
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
  // For kError errno says why.
  enum Result { kWritten, kNoRoom, kError };

  // Goes on after the first `done` bytes, and moves `done` on. Ends within a tenth of a second for
  // each time that a pipe has got room and lost it again.
  Result Write(int fd, absl::string_view bytes, size_t& done);

 private:
  bool HasRoom(int fd);

  bool stuck_ = false;
};

}  // namespace gateway

#endif  // SERVICE_LOG_PATIENT_WRITER_H_
