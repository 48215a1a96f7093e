// Tells when files may have changed, in whatever way: written, replaced, or reached through a
// symbolic link that points elsewhere now, as Kubernetes changes the files of a mounted ConfigMap
// or Secret.
//
//   FileWatch watch;
//   do {
//     watch.Watch(files);
//     ... read the files ...
//   } while (watch.Await());
//
// Watch comes before reading: so no change is missed. It may speak of a change that was none. Where
// the system tells of no changes (a network's file system, no more watches to be had), Await comes
// back every kInterval.
//
// Thread-safety: Wake and Stop may be called from any thread, the rest belongs to one.
#ifndef SERVICE_GENERATION_FILE_WATCH_H_
#define SERVICE_GENERATION_FILE_WATCH_H_

#include <atomic>
#include <set>
#include <string>
#include <vector>

namespace gateway {

class FileWatch {
 public:
  FileWatch();
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // From now on these, and no others.
  void Watch(const std::vector<std::string>& files);

  // Blocks until something may have changed since the last Watch, or somebody calls Wake. Changes
  // that follow each other closely are one, but the first is told of after a second at the latest.
  // Returns false after Stop.
  bool Await();

  // Ends the present Await, or else the next one, at once.
  void Wake();
  void Stop();

 private:
  std::atomic<bool> stopped_{false};
  int wake_;        // an eventfd: readable after Wake or Stop, until Await has seen it
  int watch_ = -1;  // of inotify; none where it cannot be had
};

// The directories in which something has to change for the path to lead to another file: its own,
// and those of the symbolic links on the way. For tests.
std::set<std::string> DirectoriesOnTheWayTo(const std::string& path);

}  // namespace gateway

#endif  // SERVICE_GENERATION_FILE_WATCH_H_
