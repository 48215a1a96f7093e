// A test that needs what this machine does not have says so, in a line that begins with "left out",
// and its program's exit code tells ctest: it is neither passed nor failed, but skipped.
//
// Of the library left_out, which brings main(); such a program is registered with SKIP_RETURN_CODE.
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
