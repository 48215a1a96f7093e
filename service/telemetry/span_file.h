// A file that grows by lines, up to a size: then it becomes FILE.1, in place of an earlier one, and
// a new one begins. What is no regular file (a pipe, /dev/stdout) only grows.
//
// Thread-safety: one thread. Errors: a Write that returns false has not written the whole line;
// reason() tells why.
#ifndef SERVICE_TELEMETRY_SPAN_FILE_H_
#define SERVICE_TELEMETRY_SPAN_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway {

class SpanFile {
 public:
  // UNAVAILABLE where it cannot be opened for appending.
  static absl::StatusOr<std::unique_ptr<SpanFile>> Open(const std::string& path, int64_t max_bytes);
  ~SpanFile();
  SpanFile(const SpanFile&) = delete;
  SpanFile& operator=(const SpanFile&) = delete;

  bool Write(absl::string_view line);

  const std::string& reason() const { return reason_; }

 private:
  SpanFile(std::string path, int64_t max_bytes) : path_(std::move(path)), max_bytes_(max_bytes) {}
  bool Reopen();
  bool Fail(absl::string_view what);

  const std::string path_;
  const int64_t max_bytes_;
  int fd_ = -1;
  bool regular_ = false;
  int64_t size_ = 0;
  std::string reason_;
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_SPAN_FILE_H_
