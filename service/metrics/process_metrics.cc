#include "service/metrics/process_metrics.h"

#include <grpcpp/grpcpp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "service/config/read_file.h"
#include "service/metrics/metric_family.h"
#include "service/version.h"

namespace gateway {
namespace {

using prometheus::MetricType;

// Numbers of fields in /proc/self/stat, counted from 1 (proc(5)).
constexpr size_t kUserTime = 14;
constexpr size_t kSystemTime = 15;
constexpr size_t kStartTime = 22;
constexpr size_t kVirtualBytes = 23;
constexpr size_t kResidentPages = 24;
// The first field after the program's name. The name may have spaces and parentheses in it.
constexpr size_t kFirstBehindName = 3;

class ProcessStat {
 public:
  ProcessStat() {
    const std::optional<std::string> text = ReadFile("/proc/self/stat");
    if (!text) return;
    const size_t end_of_name = text->rfind(')');
    if (end_of_name == std::string::npos) return;
    fields_ = absl::StrSplit(text->substr(end_of_name + 1), ' ', absl::SkipEmpty());
  }

  std::optional<double> Field(size_t number) const {
    double value;
    const size_t index = number - kFirstBehindName;
    if (index >= fields_.size() || !absl::SimpleAtod(fields_[index], &value)) return std::nullopt;
    return value;
  }

 private:
  std::vector<std::string> fields_;
};

// When the machine was booted, in seconds since 1970. The kernel counts the start of a process from
// that time.
std::optional<double> BootTime() {
  const std::optional<std::string> text = ReadFile("/proc/stat");
  if (!text) return std::nullopt;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    double seconds;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    if (words.size() == 2 && words[0] == "btime" && absl::SimpleAtod(words[1], &seconds)) {
      return seconds;
    }
  }
  return std::nullopt;
}

std::optional<double> OpenDescriptors() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; it != end;
       it.increment(error)) {
    ++count;
  }
  if (error) return std::nullopt;
  return count - 1;  // without the descriptor that reads the folder
}

std::optional<double> MaxDescriptors() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

std::optional<double> Times(std::optional<double> value, double factor) {
  if (value) *value *= factor;
  return value;
}

std::optional<double> Sum(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return std::nullopt;
  return *a + *b;
}

}  // namespace

void AddProcessMetrics(std::vector<prometheus::MetricFamily>& families) {
  const auto add = [&](const char* name, MetricType type, const char* help,
                       std::optional<double> value) {
    if (!value) return;
    Family family(name, type, help);
    family.Add({}, *value);
    families.push_back(family.Take());
  };
  const ProcessStat stat;
  const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  add("process_cpu_seconds_total", MetricType::Counter, "Processor time, user and system.",
      Times(Sum(stat.Field(kUserTime), stat.Field(kSystemTime)), tick));
  add("process_resident_memory_bytes", MetricType::Gauge, "Memory in use.",
      Times(stat.Field(kResidentPages), static_cast<double>(sysconf(_SC_PAGESIZE))));
  add("process_virtual_memory_bytes", MetricType::Gauge, "Address space.",
      stat.Field(kVirtualBytes));
  add("process_open_fds", MetricType::Gauge, "Open descriptors.", OpenDescriptors());
  add("process_max_fds", MetricType::Gauge, "Descriptors that may be open.", MaxDescriptors());
  add("process_start_time_seconds", MetricType::Gauge, "When the process began, since 1970.",
      Sum(BootTime(), Times(stat.Field(kStartTime), tick)));

  Family build("gateway_build_info", MetricType::Gauge,
               "1; which release this is, and of which commit.");
  build.Add({{"version", std::string(kVersion)},
             {"commit", std::string(kCommit)},
             {"grpc", grpc::Version()}},
            1);
  families.push_back(build.Take());
}

}  // namespace gateway
