#include "service/log/patient_writer.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace gateway {
namespace {

constexpr int kPatienceMilliseconds = 100;

// How much to write next. A pipe that poll reports as writable takes PIPE_BUF bytes without
// blocking. Ends at the end of a line if there is one within these bytes.
size_t NextPiece(absl::string_view lines) {
  if (lines.size() <= PIPE_BUF) return lines.size();
  const size_t end = lines.rfind('\n', PIPE_BUF - 1);
  return end == absl::string_view::npos ? PIPE_BUF : end + 1;
}

}  // namespace

bool PatientWriter::HasRoom(int fd) {
  pollfd room{fd, POLLOUT, 0};
  int ready;
  do {
    ready = poll(&room, 1, stuck_ ? 0 : kPatienceMilliseconds);
  } while (ready < 0 && errno == EINTR);
  stuck_ = ready == 0;
  return ready != 0;
}

PatientWriter::Result PatientWriter::Write(int fd, absl::string_view bytes, size_t& done) {
  while (done < bytes.size()) {
    if (!HasRoom(fd)) return kNoRoom;
    const absl::string_view rest = bytes.substr(done);
    const ssize_t written = ::write(fd, rest.data(), NextPiece(rest));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written <= 0) return kError;
    done += static_cast<size_t>(written);
  }
  return kWritten;
}

}  // namespace gateway
