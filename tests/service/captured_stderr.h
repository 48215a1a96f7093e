// Captures everything that this process writes to standard error during the object's lifetime, in a
// file.
//
//   CapturedStderr captured;
//   Log(...);
//   EXPECT_THAT(captured.Lines(), ...);
#ifndef TESTS_SERVICE_CAPTURED_STDERR_H_
#define TESTS_SERVICE_CAPTURED_STDERR_H_

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/service/temp_dir.h"

namespace gateway {

class CapturedStderr {
 public:
  CapturedStderr() : saved_(dup(STDERR_FILENO)) {
    const int file = open(directory_.Write("stderr", "").c_str(), O_WRONLY | O_APPEND);
    dup2(file, STDERR_FILENO);
    close(file);
  }
  ~CapturedStderr() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  std::vector<std::string> Lines() const {
    std::ifstream stream(directory_.Path("stderr"));
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

 private:
  TempDir directory_;
  const int saved_;
};

}  // namespace gateway

#endif  // TESTS_SERVICE_CAPTURED_STDERR_H_
