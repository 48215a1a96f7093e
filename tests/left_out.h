// For tests that need something this host does not have. The test prints a line that begins with
// "left out", and the exit code of its program tells ctest that it was skipped, not passed or
// failed.
//
// Part of the library left_out, which provides main(). Register such a program with
// SKIP_RETURN_CODE.
//
//   if (!HasNginx()) return LeaveOut("nginx is not installed (tools/scripts/packages-peers.txt)");
//
// Thread-safety: the test's own thread.
#ifndef TESTS_LEFT_OUT_H_
#define TESTS_LEFT_OUT_H_

#include "absl/strings/string_view.h"

namespace gateway {

inline constexpr int kLeftOutCode = 77;

void LeaveOut(absl::string_view why);

}  // namespace gateway

#endif  // TESTS_LEFT_OUT_H_
