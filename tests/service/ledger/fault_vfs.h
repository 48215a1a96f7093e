// SQLite's operating system with a disk that fails. It lies over the usual one, and knows for each
// file what the disk has: what was written and then synced.
//
//   FaultVfs disk;
//   SqliteLedger::Open({.file = file, .vfs = disk.name()});
//   disk.CutPower();   // from now on everything fails
//   ledger.reset();
//   disk.Restore();    // power is back: the files are as the disk has them
//
// Thread-safety: may be used from any thread. Lifetime: databases must be closed before it goes,
// and one FaultVfs is alive at a time.
#ifndef TESTS_SERVICE_LEDGER_FAULT_VFS_H_
#define TESTS_SERVICE_LEDGER_FAULT_VFS_H_

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>

namespace gateway::ledger {

class FaultVfs {
 public:
  enum Fault {
    kWrites,     // fail
    kReads,      // fail
    kSyncs,      // fail, and leave the data in the page cache marked as written, as Linux does
    kNoSpace,    // writes fail as on a full disk
    kLazySyncs,  // say yes and do nothing: the disk lies
    kFaultKinds,
  };

  FaultVfs();
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  static const char* name() { return "fault"; }

  void Set(Fault fault, bool on);
  // How often that fault was committed.
  int Times(Fault fault) const;

  void CutPower();
  void Restore();

  // For the files.
  bool Commits(Fault fault);
  bool power_is_cut() const;
  void Opened(const std::string& path, sqlite3_file* real);
  void Wrote(const std::string& path, int64_t offset, int size);
  void Synced(const std::string& path, sqlite3_file* real);
  void Forgot(const std::string& path);
  void Deleted(const std::string& path);

 private:
  static constexpr size_t kBlock = 4096;
  struct Image {
    std::string on_disk;
    std::set<size_t> dirty;  // blocks that were written since
  };

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  bool on_[kFaultKinds] = {};
  int times_[kFaultKinds] = {};
  bool power_is_cut_ = false;
  std::map<std::string, Image> images_;

  sqlite3_vfs vfs_;
};

}  // namespace gateway::ledger

#endif  // TESTS_SERVICE_LEDGER_FAULT_VFS_H_
