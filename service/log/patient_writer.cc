#include "service/log/patient_writer.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/time/time.h"

namespace gateway {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(100);

// How much to write next. A pipe that poll reports as writable takes PIPE_BUF bytes without
// blocking. Ends at the end of a line if there is one within these bytes.
size_t NextPiece(absl::string_view lines) {
  if (lines.size() <= PIPE_BUF) return lines.size();
  const size_t end = lines.rfind('\n', PIPE_BUF - 1);
  return end == absl::string_view::npos ? PIPE_BUF : end + 1;
}

// Waits until `until` at most.
bool HasRoom(int fd, SteadyTime until) {
  pollfd room{fd, POLLOUT, 0};
  int ready;
  do {
    const absl::Duration left = absl::Ceil(until - SteadyTime::Now(), absl::Milliseconds(1));
    ready = poll(&room, 1, static_cast<int>(std::max<int64_t>(0, absl::ToInt64Milliseconds(left))));
  } while (ready < 0 && errno == EINTR);
  return ready != 0;
}

}  // namespace

bool PatientWriter::AwaitRoom(int fd, SteadyTime until) {
  const bool room = HasRoom(fd, stuck_ ? SteadyTime::Now() : until);
  stuck_ = !room;
  return room;
}

// The lock is not held while a thread waits for room before a line.
PatientWriter::Result PatientWriter::Write(int fd, absl::string_view lines, size_t& done) {
  const SteadyTime until = SteadyTime::Now() + kPatience;
  Result result = kWritten;
  while (result == kWritten && done < lines.size()) {
    if (!AwaitRoom(fd, until)) return kNoRoom;
    const MutexLock lock(mutex_);
    result = WriteLines(fd, lines, until, done);
  }
  return result;
}

// Writes one piece, and what is missing of its last line. Writes nothing if another thread has
// taken the room.
PatientWriter::Result PatientWriter::WriteLines(int fd, absl::string_view lines, SteadyTime until,
                                                size_t& done) {
  bool within_line = false;
  do {
    if (!HasRoom(fd, within_line ? until : SteadyTime::Now())) {
      torn_ |= within_line;
      return within_line ? kNoRoom : kWritten;
    }
    const absl::string_view rest = lines.substr(done);
    const absl::string_view piece = torn_ ? "\n" : rest.substr(0, NextPiece(rest));
    const ssize_t written = ::write(fd, piece.data(), piece.size());
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written <= 0) {
      torn_ |= within_line;
      return kError;
    }
    if (std::exchange(torn_, false)) return kWritten;
    done += static_cast<size_t>(written);
    within_line = lines[done - 1] != '\n';
  } while (within_line && done < lines.size());
  return kWritten;
}

void PatientWriter::Restart() {
  stuck_ = false;
  const MutexLock lock(mutex_);
  torn_ = false;
}

}  // namespace gateway
