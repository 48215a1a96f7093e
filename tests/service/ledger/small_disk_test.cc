// A ledger in a file on a real disk that is full or read-only. sqlite_disk_test.cc tests these
// cases without the right to mount.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "service/ledger/sqlite/ledger.h"
#include "tests/left_out.h"
#include "tests/service/ledger/calls.h"
#include "tests/service/ledger/events.h"
#include "tests/service/temp_dir.h"

namespace gateway::ledger {
namespace {

using testing::HasSubstr;

constexpr char kNoRight[] = "no right to mount a small file system";

// A small temporary file system, unmounted by the destructor. If this process has no right to
// mount, nothing is mounted.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    std::filesystem::create_directory(path_);
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=1m,mode=0700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount(path_.c_str());
  }
  bool mounted() const { return mounted_; }
  bool SetReadOnly(bool read_only) {
    return mount("tmpfs", path_.c_str(), "tmpfs", read_only ? MS_REMOUNT | MS_RDONLY : MS_REMOUNT,
                 "size=1m,mode=0700") == 0;
  }

 private:
  const std::string path_;
  bool mounted_ = false;
};

class SmallDiskTest : public testing::Test {
 protected:
  SqliteOptions OptionsIn() {
    SqliteOptions options{.common = TestOptions(), .file = folder_.Path("small/ledger.db")};
    options.common.on_event = [this](absl::string_view event, absl::string_view) {
      events_.Add(event);
    };
    options.first_retry = absl::Milliseconds(5);
    options.max_retry = absl::Milliseconds(20);
    return options;
  }

  const TempDir folder_;
  Events events_;
};

TEST_F(SmallDiskTest, ARealDiskThatIsFull) {
  const SmallDisk small(folder_.Path("small"));
  if (!small.mounted()) return LeaveOut(kNoRight);
  SqliteOptions options = OptionsIn();
  absl::StatusOr<std::unique_ptr<SqliteLedger>> ledger = SqliteLedger::Open(options);
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  const ClaimAnswer claimed = *Claim(**ledger, "claimed");
  {
    std::ofstream filler(folder_.Path("small/filler"), std::ios::binary);
    filler << std::string(2 << 20, 'x');
  }
  absl::Status refused;
  for (int i = 0; i < 1000 && refused.ok(); ++i) {
    ClaimRequest request = RequestOf(absl::StrCat("key", i));
    request.scope.identity = std::string(4000, 'i');
    refused = Claim(**ledger, request).status();
  }
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("full"));
  const absl::Status settled =
      Settle(**ledger, claimed, {Settlement::kDone, std::string(3000, 'r')}).status();
  EXPECT_TRUE(settled.ok() || absl::IsUnavailable(settled)) << settled;
  std::filesystem::remove(folder_.Path("small/filler"));
  events_.WaitFor("the ledger is written again");
  EXPECT_EQ(Claim(**ledger, "claimed")->kind, ClaimAnswer::kDone);
}

TEST_F(SmallDiskTest, AFileThatMayNotBeWrittenIsRefusedAtTheStart) {
  SmallDisk small(folder_.Path("small"));
  if (!small.mounted()) return LeaveOut(kNoRight);
  SqliteOptions options = OptionsIn();
  ASSERT_TRUE(SqliteLedger::Open(options).ok());
  ASSERT_TRUE(small.SetReadOnly(true));
  const auto refused = SqliteLedger::Open(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr(options.file));
  ASSERT_TRUE(small.SetReadOnly(false));
  EXPECT_TRUE(SqliteLedger::Open(options).ok());
}

}  // namespace
}  // namespace gateway::ledger
