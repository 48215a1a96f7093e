// A file that grows by lines, up to a size. Then it is renamed to FILE.1, replacing an earlier one,
// and a new file begins. A file that is not regular (a pipe, /dev/stdout) is never renamed.
//
// Thread-safety: one thread. Errors: a Write that returns false has not written the whole line;
// reason() says why.
#ifndef SERVICE_TELEMETRY_SPAN_FILE_H_
#define SERVICE_TELEMETRY_SPAN_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/log/patient_writer.h"

namespace gateway {

class SpanFile {
 public:
  // UNAVAILABLE if the file cannot be opened for appending.
  static absl::StatusOr<std::unique_ptr<SpanFile>> Open(const std::string& path, int64_t max_bytes);
  // Returns the error with which Open would fail, and makes no file.
  static absl::Status Check(const std::string& path);
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
  PatientWriter writer_;
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_SPAN_FILE_H_
