// Include this header in one source file of a program that makes calls through gRPC. The symbol is
// weak, so a second inclusion does no harm.
//
// Abseil 20240722 names its memory by prctl(PR_SET_VMA). A kernel without CONFIG_ANON_VMA_NAME
// refuses that call and sets errno to EINVAL. gRPC 1.51 reads the errno of connect() only after it
// has allocated memory from Abseil (tcp_client_posix.cc), and finds EINVAL instead. So, on Debian
// 13, about one in 2,000 connections that a new thread begins fails with "Invalid argument". The
// prctl() below replaces libc's prctl() and leaves errno unchanged for PR_SET_VMA.
#ifndef TOOLS_GRPC_CALL_KEPT_ERRNO_H_
#define TOOLS_GRPC_CALL_KEPT_ERRNO_H_

#include <linux/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

extern "C" __attribute__((weak)) int prctl(int option, ...) noexcept {
  va_list given;
  va_start(given, option);
  unsigned long arguments[4];
  for (unsigned long& argument : arguments) argument = va_arg(given, unsigned long);
  va_end(given);
  const int before = errno;
  const long result =
      syscall(SYS_prctl, option, arguments[0], arguments[1], arguments[2], arguments[3]);
  if (option == PR_SET_VMA) errno = before;
  return static_cast<int>(result);
}

#endif  // TOOLS_GRPC_CALL_KEPT_ERRNO_H_
