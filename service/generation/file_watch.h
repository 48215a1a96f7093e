// Reports when files may have changed: written, replaced, or reached through a symbolic link whose
// target changed. Kubernetes changes the files of a mounted ConfigMap or Secret by such links.
//
//   FileWatch watch;
//   do {
//     watch.Watch(files);
//     ... read the files ...
//   } while (watch.Await());
//
// Call Watch before reading the files, so that no change is missed. Await may also return without a
// change. If the system reports no changes (a network file system, or no inotify watches left),
// Await returns every 10 s.
//
// Thread-safety: Wake and Stop may be called from any thread; all else belongs to one thread.
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

  // Watches these files from now on, and no others.
  void Watch(const std::vector<std::string>& files);

  // Blocks until a file may have changed since the last Watch, or somebody calls Wake. Changes in
  // quick succession are reported together, about one second after the first at the latest. Returns
  // false after Stop.
  bool Await();

  // Ends the present Await at once, or else the next one.
  void Wake();
  void Stop();

 private:
  std::atomic<bool> stopped_{false};
  int wake_;        // an eventfd: readable after Wake or Stop, until Await has seen it
  int watch_ = -1;  // inotify descriptor; -1 if there is none
};

// The directories that must be watched: a change in one of them can make the path lead to another
// file. These are the directory of the file, and the directories of the symbolic links on the way.
// Declared here for tests.
std::set<std::string> DirectoriesOnTheWayTo(const std::string& path);

}  // namespace gateway

#endif  // SERVICE_GENERATION_FILE_WATCH_H_
