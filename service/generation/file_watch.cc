#include "service/generation/file_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/time/time.h"
#include "upstream/steady_time.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;

constexpr int kIntervalMilliseconds = 10'000;
// Changes come in groups: a directory is filled, and then a link is switched to it.
constexpr int kQuietMilliseconds = 20;
// A busy directory is never quiet, so a group also ends after this time.
constexpr absl::Duration kLongestGroup = absl::Seconds(1);
constexpr int kMaxLinks = 40;  // the kernel's limit

constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                             IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

// Reads and discards all events. Returns whether there were any.
bool TakeEvents(int watch) {
  std::array<char, 4096> events;
  bool any = false;
  while (read(watch, events.data(), events.size()) > 0) any = true;
  return any;
}

}  // namespace

std::set<std::string> DirectoriesOnTheWayTo(const std::string& path) {
  std::set<std::string> directories;
  std::error_code error;
  fs::path rest = fs::absolute(path, error);
  int links = 0;
  fs::path way;  // without symbolic links
  while (!rest.empty()) {
    const fs::path name = *rest.begin();
    rest = rest.lexically_relative(name);
    if (rest == ".") rest.clear();
    const fs::path next = way / name;
    if (!fs::is_symlink(fs::symlink_status(next, error)) || ++links > kMaxLinks) {
      if (rest.empty()) directories.insert(way);
      way = next;
      continue;
    }
    directories.insert(way);
    const fs::path target = fs::read_symlink(next, error);
    rest = rest.empty() ? target : target / rest;
    if (target.is_absolute()) way.clear();
  }
  return directories;
}

FileWatch::FileWatch() : wake_(eventfd(0, EFD_CLOEXEC)) {}

FileWatch::~FileWatch() {
  if (watch_ >= 0) close(watch_);
  close(wake_);
}

void FileWatch::Watch(const std::vector<std::string>& files) {
  const int fresh = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  for (const std::string& file : files) {
    for (const std::string& directory : DirectoriesOnTheWayTo(file)) {
      if (fresh >= 0) inotify_add_watch(fresh, directory.c_str(), kEvents);
    }
  }
  const int old = std::exchange(watch_, fresh);
  if (old >= 0) close(old);
}

bool FileWatch::Await() {
  pollfd fds[] = {{wake_, POLLIN, 0}, {watch_, POLLIN, 0}};
  int patience = kIntervalMilliseconds;
  SteadyTime latest = SteadyTime::InfiniteFuture();
  while (!stopped_ && SteadyTime::Now() < latest && poll(fds, watch_ < 0 ? 1 : 2, patience) != 0) {
    if (fds[0].revents != 0) {
      eventfd_t count;
      eventfd_read(wake_, &count);
      break;
    }
    if (watch_ < 0 || !TakeEvents(watch_)) continue;
    if (latest == SteadyTime::InfiniteFuture()) latest = SteadyTime::Now() + kLongestGroup;
    patience = kQuietMilliseconds;
  }
  return !stopped_;
}

void FileWatch::Wake() { (void)eventfd_write(wake_, 1); }

void FileWatch::Stop() {
  stopped_ = true;
  Wake();
}

}  // namespace gateway
