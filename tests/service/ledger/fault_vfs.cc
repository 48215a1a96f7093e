#include "tests/service/ledger/fault_vfs.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>

namespace gateway::ledger {
namespace {

struct File {
  sqlite3_file base;  // must be first: SQLite uses this part
  FaultVfs* disk;
  std::string* path;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }

int Close(sqlite3_file* file) {
  File* const own = Of(file);
  const int code = own->real()->pMethods->xClose(own->real());
  delete own->path;
  return code;
}

int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  File* const own = Of(file);
  if (own->disk->Commits(FaultVfs::kReads)) return SQLITE_IOERR_READ;
  return own->real()->pMethods->xRead(own->real(), to, size, offset);
}

int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  File* const own = Of(file);
  if (own->disk->Commits(FaultVfs::kNoSpace)) return SQLITE_FULL;
  if (own->disk->Commits(FaultVfs::kWrites)) return SQLITE_IOERR_WRITE;
  const int code = own->real()->pMethods->xWrite(own->real(), from, size, offset);
  if (code == SQLITE_OK) own->disk->Wrote(*own->path, offset, size);
  return code;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  File* const own = Of(file);
  if (own->disk->Commits(FaultVfs::kWrites)) return SQLITE_IOERR_TRUNCATE;
  return own->real()->pMethods->xTruncate(own->real(), size);
}

int Sync(sqlite3_file* file, int flags) {
  File* const own = Of(file);
  if (own->disk->power_is_cut()) return SQLITE_IOERR_FSYNC;
  if (own->disk->Commits(FaultVfs::kLazySyncs)) return SQLITE_OK;
  if (own->disk->Commits(FaultVfs::kSyncs)) {
    own->disk->Forgot(*own->path);
    return SQLITE_IOERR_FSYNC;
  }
  const int code = own->real()->pMethods->xSync(own->real(), flags);
  if (code == SQLITE_OK) own->disk->Synced(*own->path, own->real());
  return code;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Of(file)->real()->pMethods->xFileSize(Of(file)->real(), size);
}
int Lock(sqlite3_file* file, int level) {
  return Of(file)->real()->pMethods->xLock(Of(file)->real(), level);
}
int Unlock(sqlite3_file* file, int level) {
  return Of(file)->real()->pMethods->xUnlock(Of(file)->real(), level);
}
int CheckReservedLock(sqlite3_file* file, int* result) {
  return Of(file)->real()->pMethods->xCheckReservedLock(Of(file)->real(), result);
}
int FileControl(sqlite3_file* file, int operation, void* argument) {
  return Of(file)->real()->pMethods->xFileControl(Of(file)->real(), operation, argument);
}
int SectorSize(sqlite3_file* file) {
  return Of(file)->real()->pMethods->xSectorSize(Of(file)->real());
}
// Reports no capability beyond those of every disk.
int DeviceCharacteristics(sqlite3_file*) { return 0; }

const sqlite3_io_methods kMethods = {1,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Unlock,
                                     CheckReservedLock,
                                     FileControl,
                                     SectorSize,
                                     DeviceCharacteristics,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr};

sqlite3_vfs* Usual(sqlite3_vfs* vfs) { return static_cast<FaultVfs*>(vfs->pAppData)->usual(); }

int OpenFile(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
  File* const own = Of(file);
  own->base.pMethods = nullptr;
  own->disk = static_cast<FaultVfs*>(vfs->pAppData);
  const int code = Usual(vfs)->xOpen(Usual(vfs), path, own->real(), flags, out);
  if (code != SQLITE_OK) return code;
  own->path = new std::string(path == nullptr ? "" : path);
  own->base.pMethods = &kMethods;
  own->disk->Opened(*own->path, own->real());
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  auto* const disk = static_cast<FaultVfs*>(vfs->pAppData);
  if (disk->power_is_cut()) return SQLITE_IOERR_DELETE;
  const int code = Usual(vfs)->xDelete(Usual(vfs), path, sync_folder);
  if (code == SQLITE_OK) disk->Deleted(path);
  return code;
}

std::string Content(sqlite3_file* real) {
  sqlite3_int64 size = 0;
  real->pMethods->xFileSize(real, &size);
  std::string content(static_cast<size_t>(size), '\0');
  if (size > 0) real->pMethods->xRead(real, content.data(), static_cast<int>(size), 0);
  return content;
}

}  // namespace

FaultVfs::FaultVfs() : usual_(sqlite3_vfs_find(nullptr)), vfs_(*usual_) {
  vfs_.szOsFile += static_cast<int>(sizeof(File));
  vfs_.pNext = nullptr;
  vfs_.zName = name();
  vfs_.pAppData = this;
  vfs_.xOpen = OpenFile;
  vfs_.xDelete = Delete;
  if (sqlite3_vfs_register(&vfs_, 0) != SQLITE_OK) std::abort();
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }

void FaultVfs::MakeDefault() { sqlite3_vfs_register(&vfs_, 1); }

void FaultVfs::Set(Fault fault, bool on) {
  const std::lock_guard lock(mutex_);
  on_[fault] = on;
}

int FaultVfs::Times(Fault fault) const {
  const std::lock_guard lock(mutex_);
  return times_[fault];
}

void FaultVfs::CutPower() {
  const std::lock_guard lock(mutex_);
  power_is_cut_ = true;
}

void FaultVfs::Restore() {
  const std::lock_guard lock(mutex_);
  power_is_cut_ = false;
  for (auto& [path, image] : images_) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << image.on_disk;
    image.dirty.clear();
  }
}

bool FaultVfs::Commits(Fault fault) {
  const std::lock_guard lock(mutex_);
  if (power_is_cut_) return fault == kWrites;
  if (!on_[fault]) return false;
  ++times_[fault];
  return true;
}

bool FaultVfs::power_is_cut() const {
  const std::lock_guard lock(mutex_);
  return power_is_cut_;
}

void FaultVfs::Opened(const std::string& path, sqlite3_file* real) {
  const std::lock_guard lock(mutex_);
  // The previous content of the file is on the disk.
  if (!images_.count(path)) images_[path].on_disk = Content(real);
}

void FaultVfs::Wrote(const std::string& path, int64_t offset, int size) {
  const std::lock_guard lock(mutex_);
  const auto first = static_cast<size_t>(offset) / kBlock;
  const auto last = (static_cast<size_t>(offset) + static_cast<size_t>(size) - 1) / kBlock;
  for (size_t block = first; block <= last; ++block) images_[path].dirty.insert(block);
}

void FaultVfs::Synced(const std::string& path, sqlite3_file* real) {
  const std::string content = Content(real);
  const std::lock_guard lock(mutex_);
  Image& image = images_[path];
  image.on_disk.resize(content.size());
  for (const size_t block : image.dirty) {
    const size_t at = block * kBlock;
    if (at >= content.size()) continue;
    const size_t size = std::min(kBlock, content.size() - at);
    image.on_disk.replace(at, size, content, at, size);
  }
  image.dirty.clear();
}

void FaultVfs::Forgot(const std::string& path) {
  const std::lock_guard lock(mutex_);
  images_[path].dirty.clear();
}

void FaultVfs::Deleted(const std::string& path) {
  const std::lock_guard lock(mutex_);
  images_.erase(path);
}

}  // namespace gateway::ledger
