#include "service/telemetry/span_file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/telemetry/append_file.h"

namespace gateway {
namespace {

std::string CannotBeOpened(int error) {
  return absl::StrCat("cannot be opened: ", strerror(error));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SpanFile>> SpanFile::Open(const std::string& path,
                                                         int64_t max_bytes) {
  std::unique_ptr<SpanFile> file(new SpanFile(path, max_bytes));
  if (!file->Reopen()) return absl::UnavailableError(file->reason());
  return file;
}

absl::Status SpanFile::Check(const std::string& path) {
  const int error = WhyNotForAppend(path);
  return error == 0 ? absl::OkStatus() : absl::UnavailableError(CannotBeOpened(error));
}

SpanFile::~SpanFile() {
  if (fd_ >= 0) close(fd_);
}

bool SpanFile::Reopen() {
  if (fd_ >= 0) close(fd_);
  fd_ = OpenForAppend(path_);
  struct stat status = {};
  if (fd_ < 0 || fstat(fd_, &status) != 0) {
    reason_ = CannotBeOpened(errno);
    return false;
  }
  writer_.Restart();
  regular_ = S_ISREG(status.st_mode);
  size_ = status.st_size;
  return true;
}

bool SpanFile::Write(absl::string_view line) {
  const auto length = static_cast<int64_t>(line.size());
  if (regular_ && size_ > 0 && size_ + length > max_bytes_) {
    if (std::rename(path_.c_str(), absl::StrCat(path_, ".1").c_str()) != 0) {
      return Fail("cannot be renamed");
    }
    if (!Reopen()) return false;
  }
  // An earlier Reopen may have failed.
  if (fd_ < 0 && !Reopen()) return false;
  size_t done = 0;
  const PatientWriter::Result result = writer_.Write(fd_, line, done);
  size_ += static_cast<int64_t>(done);
  if (result == PatientWriter::kError) return Fail("cannot be written");
  if (result == PatientWriter::kNoRoom) reason_ = "nobody reads it";
  return result == PatientWriter::kWritten;
}

bool SpanFile::Fail(absl::string_view what) {
  reason_ = absl::StrCat(what, ": ", strerror(errno));
  return false;
}

}  // namespace gateway
