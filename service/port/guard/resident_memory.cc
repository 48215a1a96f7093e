#include "service/port/guard/resident_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "service/config/read_file.h"

namespace gateway {
namespace {

constexpr char kGroups[] = "/sys/fs/cgroup";

// The second number of statm: pages in memory.
size_t PagesIn(const char* text) {
  char* end = nullptr;
  std::strtoull(text, &end, 10);
  return std::strtoull(end, nullptr, 10);
}

// Returns the largest number if there is no limit: the file says "max" or is missing.
int64_t LimitIn(const std::string& file) {
  int64_t limit = 0;
  const auto text = ReadFile(file);
  const bool limited = text && absl::SimpleAtoi(*text, &limit) && limit > 0;
  return limited ? limit : std::numeric_limits<int64_t>::max();
}

// The lowest limit of the process's group and all groups around it (cgroup v2), or of cgroup v1.
int64_t LimitOfGroups() {
  int64_t least = LimitIn(absl::StrCat(kGroups, "/memory/memory.limit_in_bytes"));  // v1
  const std::string own = ReadFile("/proc/self/cgroup").value_or("");
  for (absl::string_view line : absl::StrSplit(own, '\n')) {
    if (!absl::ConsumePrefix(&line, "0::")) continue;
    std::string path(line);
    while (true) {
      least = std::min(least, LimitIn(absl::StrCat(kGroups, path, "/memory.max")));
      const size_t slash = path.rfind('/');
      if (slash == std::string::npos || path.empty()) break;
      path.resize(slash);
    }
  }
  return least;
}

}  // namespace

ResidentMemory::ResidentMemory() : statm_(open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {}

ResidentMemory::~ResidentMemory() {
  if (statm_ >= 0) close(statm_);
}

size_t ResidentMemory::Now() const {
  char text[128];
  const ssize_t size = statm_ < 0 ? -1 : pread(statm_, text, sizeof(text) - 1, 0);
  if (size <= 0) return 0;
  text[size] = '\0';
  static const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return PagesIn(text) * page;
}

int64_t MemoryOfTheProcess() {
  const int64_t machine = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  return std::min(machine, LimitOfGroups());
}

}  // namespace gateway
