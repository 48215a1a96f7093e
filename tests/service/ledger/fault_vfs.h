// A VFS for SQLite with a disk that can fail. It wraps the default VFS, and knows for each file
// what the disk holds: the content that was written and then synced.
//
//   FaultVfs disk;
//   SqliteLedger::Open({.file = file, .vfs = disk.name()});
//   disk.CutPower();   // from now on everything fails
//   ledger.reset();
//   disk.Restore();    // power is back: the files have the content of the disk
//
// Thread-safety: may be used from any thread. Lifetime: close all databases before destroying it;
// only one FaultVfs may exist at a time.
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
    kSyncs,      // fail, but leave the data in the page cache, marked clean, as Linux does
    kNoSpace,    // writes fail as on a full disk
    kLazySyncs,  // return success without syncing: a disk that lies
    kFaultKinds,
  };

  FaultVfs();
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  static const char* name() { return "fault"; }
  // Databases that are opened without a VFS's name use this one, until it is destroyed.
  void MakeDefault();

  void Set(Fault fault, bool on);
  // How often this fault occurred.
  int Times(Fault fault) const;

  void CutPower();
  void Restore();

  // Called by the VFS functions.
  sqlite3_vfs* usual() const { return usual_; }
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
    std::set<size_t> dirty;  // blocks written since the last sync
  };

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  bool on_[kFaultKinds] = {};
  int times_[kFaultKinds] = {};
  bool power_is_cut_ = false;
  std::map<std::string, Image> images_;

  sqlite3_vfs* const usual_;
  sqlite3_vfs vfs_;
};

}  // namespace gateway::ledger

#endif  // TESTS_SERVICE_LEDGER_FAULT_VFS_H_
