// Which files a ledger accepts, and which it refuses with which reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "service/ledger/sqlite/files.h"
#include "service/ledger/sqlite/ledger.h"
#include "tests/service/ledger/calls.h"
#include "tests/service/temp_dir.h"

namespace gateway::ledger {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SqliteFileTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<SqliteLedger>> Open(int64_t read_all_up_to = int64_t{256} << 20) {
    return SqliteLedger::Open(
        {.common = TestOptions(), .file = file_, .checks = {.read_all_up_to = read_all_up_to}});
  }
  std::string WhyRefused(int64_t read_all_up_to = int64_t{256} << 20) {
    const auto ledger = Open(read_all_up_to);
    return ledger.ok() ? "" : std::string(ledger.status().message());
  }
  void Fill() {
    const auto ledger = Open();
    ASSERT_TRUE(ledger.ok()) << ledger.status();
    for (int i = 0; i < 300; ++i) {
      const ClaimAnswer claimed = *Claim(**ledger, absl::StrCat("key", i));
      ASSERT_TRUE(Settle(**ledger, claimed, {Settlement::kDone, std::string(500, 'r')}).ok());
    }
  }
  void Overwrite(int64_t offset, const std::string& bytes) {
    std::fstream file(file_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(offset);
    file << bytes;
  }
  void Execute(const char* sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  const TempDir folder_;
  const std::string file_ = folder_.Path("ledger/ledger.db");
};

mode_t ModeOf(const std::string& path) {
  struct stat found;
  EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 07777;
}

TEST_F(SqliteFileTest, ANewOneIsForItsOwnerAlone) {
  const auto ledger = Open();
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  ASSERT_TRUE(Claim(**ledger, "key").ok());
  EXPECT_EQ(ModeOf(folder_.Path("ledger")), 0700u);
  EXPECT_EQ(ModeOf(file_), 0600u);
  EXPECT_EQ(ModeOf(file_ + "-wal"), 0600u);
  // The lock is inside the process, so there is no shared-memory file.
  EXPECT_FALSE(std::filesystem::exists(file_ + "-shm"));
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.Path("ledger"))) {
    files += entry.exists() ? 1 : 0;
  }
  EXPECT_EQ(files, 2u);  // no temporary file is left
}

TEST_F(SqliteFileTest, WhatIsOpenToOthersIsRefused) {
  ASSERT_EQ(WhyRefused(), "");
  ASSERT_EQ(chmod(folder_.Path("ledger").c_str(), 0750), 0);
  EXPECT_THAT(WhyRefused(), AllOf(HasSubstr(folder_.Path("ledger")), HasSubstr("0700")));
  ASSERT_EQ(chmod(folder_.Path("ledger").c_str(), 0700), 0);
  ASSERT_EQ(chmod(file_.c_str(), 0604), 0);
  EXPECT_THAT(WhyRefused(), AllOf(HasSubstr(file_), HasSubstr("0600")));
}

TEST_F(SqliteFileTest, ALinkOrAFolderIsNoLedger) {
  ASSERT_EQ(WhyRefused(), "");
  const std::string other = folder_.Path("ledger/other.db");
  std::filesystem::rename(file_, other);
  std::filesystem::create_symlink(other, file_);
  EXPECT_THAT(WhyRefused(), HasSubstr("no plain file"));
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  EXPECT_THAT(WhyRefused(), HasSubstr("no plain file"));
}

TEST_F(SqliteFileTest, NetworkFileSystemsAreRefused) {
  EXPECT_TRUE(IsNetworkFileSystem(0x6969));                            // NFS
  EXPECT_TRUE(IsNetworkFileSystem(static_cast<int32_t>(0xFF534D42)));  // CIFS, sign-extended
  EXPECT_TRUE(IsNetworkFileSystem(0xFE534D42));                        // SMB 2
  EXPECT_FALSE(IsNetworkFileSystem(0xEF53));                           // ext4
  EXPECT_FALSE(IsNetworkFileSystem(0x58465342));                       // XFS
  EXPECT_FALSE(IsNetworkFileSystem(0x01021994));                       // tmpfs
  EXPECT_FALSE(IsNetworkFileSystem(0x794C7630));                       // overlayfs
}

TEST_F(SqliteFileTest, ASecondLedgerOnTheFileIsRefused) {
  const auto first = Open();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(WhyRefused(), absl::StrCat(file_, " is in use by another process"));
  EXPECT_EQ(WhyRefused(), absl::StrCat(file_, " is in use by another process"));
  EXPECT_EQ(Claim(**first, "key")->kind, ClaimAnswer::kClaimed);
}

TEST_F(SqliteFileTest, ASecondProcessIsRefusedAlsoAfterAnotherWasInThisOne) {
  int ready[2];
  int end[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(end), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto ledger = Open();
    char byte = ledger.ok() ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(2);
    if (read(end[0], &byte, 1) != 1) _exit(3);
    _exit(ledger.ok() && Claim(**ledger, "key").ok() ? 0 : 4);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  EXPECT_EQ(WhyRefused(), absl::StrCat(file_, " is in use by another process"));
  ASSERT_EQ(write(end[1], "x", 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(WhyRefused(), "");
  for (const int fd : {ready[0], ready[1], end[0], end[1]}) close(fd);
}

TEST_F(SqliteFileTest, AnEmptyFileIsNeverFilled) {
  ASSERT_EQ(WhyRefused(), "");
  std::filesystem::resize_file(file_, 0);
  EXPECT_THAT(WhyRefused(), AllOf(HasSubstr(file_), HasSubstr("empty")));
  EXPECT_EQ(std::filesystem::file_size(file_), 0u);
}

TEST_F(SqliteFileTest, AFileThatIsGoneWithItsLogLeftIsNotMadeAnew) {
  ASSERT_EQ(WhyRefused(), "");
  std::filesystem::rename(file_, file_ + "-wal");
  EXPECT_THAT(WhyRefused(), AllOf(HasSubstr(file_), HasSubstr("-wal")));
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(SqliteFileTest, ATornFileIsRefused) {
  Fill();
  const auto whole = std::filesystem::file_size(file_);
  const std::string kept = folder_.Path("kept");
  std::filesystem::copy_file(file_, kept);
  for (const uintmax_t size : {uintmax_t{1}, uintmax_t{50}, uintmax_t{100}, uintmax_t{4096},
                               whole / 2, whole - 4096, whole - 1}) {
    std::filesystem::copy_file(kept, file_, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(file_, size);
    EXPECT_THAT(WhyRefused(), HasSubstr(file_)) << size;
    EXPECT_EQ(std::filesystem::file_size(file_), size);
    // The same holds if the file is too large to be read completely.
    EXPECT_THAT(WhyRefused(0), HasSubstr(file_)) << size;
  }
}

TEST_F(SqliteFileTest, PagesThatAreNotThoseThatWereWrittenAreFoundAtTheStart) {
  Fill();
  const auto pages = std::filesystem::file_size(file_) / 4096;
  const std::string kept = folder_.Path("kept");
  std::filesystem::copy_file(file_, kept);
  // The first two pages hold the header, the schema and the data of auto_vacuum.
  for (uintmax_t page = 2; page < pages; page += 7) {
    std::filesystem::copy_file(kept, file_, std::filesystem::copy_options::overwrite_existing);
    Overwrite(static_cast<int64_t>(page) * 4096, std::string(4096, '\0'));
    EXPECT_THAT(WhyRefused(), HasSubstr(file_)) << page;
  }
}

TEST_F(SqliteFileTest, AnIndexThatLacksAnEntryIsFoundAtTheStart) {
  Fill();
  // Otherwise the key would look new, and its write would be sent again.
  Execute(
      "PRAGMA writable_schema=ON;"
      "CREATE TABLE saved AS SELECT name, sql FROM sqlite_schema WHERE name = 'intents';"
      "UPDATE sqlite_schema SET sql = 'CREATE INDEX intents ON entries(number) WHERE state = 2'"
      " WHERE name = 'intents';");
  EXPECT_THAT(WhyRefused(), HasSubstr("torn"));
}

TEST_F(SqliteFileTest, AForeignFileIsRefused) {
  std::filesystem::create_directory(folder_.Path("ledger"));
  std::filesystem::permissions(folder_.Path("ledger"), std::filesystem::perms::owner_all);
  std::ofstream(file_) << std::string(8192, 'x');
  ASSERT_EQ(chmod(file_.c_str(), 0600), 0);
  EXPECT_THAT(WhyRefused(), HasSubstr("not a database"));
  std::filesystem::remove(file_);
  Execute("CREATE TABLE entries(a)");
  ASSERT_EQ(chmod(file_.c_str(), 0600), 0);
  EXPECT_THAT(WhyRefused(), HasSubstr("is no ledger"));
}

TEST_F(SqliteFileTest, AFileOfANewerProgramIsRefused) {
  ASSERT_EQ(WhyRefused(), "");
  Execute("PRAGMA user_version=99");
  EXPECT_THAT(WhyRefused(), AllOf(HasSubstr(file_), HasSubstr("newer program"), HasSubstr("99")));
}

TEST_F(SqliteFileTest, AFolderWhoseParentIsMissingIsNotMade) {
  const auto ledger =
      SqliteLedger::Open({.common = TestOptions(), .file = folder_.Path("a/b/ledger.db")});
  EXPECT_TRUE(absl::IsUnavailable(ledger.status())) << ledger.status();
}

}  // namespace
}  // namespace gateway::ledger
