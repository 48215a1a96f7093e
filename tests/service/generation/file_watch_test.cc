#include "service/generation/file_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "tests/service/temp_dir.h"
#include "upstream/steady_time.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;

// Returns the directory without the trailing slash of Path("").
std::string Itself(const TempDir& directory) {
  return fs::path(directory.Path()).parent_path().string();
}

TEST(DirectoriesOnTheWayTo, HasThoseOfEachLink) {
  const TempDir directory;
  // As Kubernetes mounts a Secret: key -> ..data/key, ..data -> ..version1
  fs::create_directory(directory.Path("..version1"));
  directory.Write("..version1/key", "1");
  fs::create_symlink("..version1", directory.Path("..data"));
  fs::create_symlink("..data/key", directory.Path("key"));
  EXPECT_EQ(DirectoriesOnTheWayTo(directory.Path("key")),
            (std::set<std::string>{Itself(directory), directory.Path("..version1")}));
}

TEST(DirectoriesOnTheWayTo, FollowsAbsoluteLinksOfDirectories) {
  const TempDir a;
  const TempDir b;
  fs::create_directory(b.Path("real"));
  fs::create_symlink(b.Path("real"), a.Path("link"));
  EXPECT_EQ(DirectoriesOnTheWayTo(a.Path("link/file")),
            (std::set<std::string>{Itself(a), b.Path("real")}));
}

TEST(DirectoriesOnTheWayTo, EndsInACircle) {
  const TempDir directory;
  fs::create_symlink("b", directory.Path("a"));
  fs::create_symlink("a", directory.Path("b"));
  EXPECT_FALSE(DirectoriesOnTheWayTo(directory.Path("a")).empty());
}

class FileWatchTest : public testing::Test {
 protected:
  // Returns whether Await notices this change within 5 seconds, long before its own interval ends.
  bool Notices(const std::function<void()>& change) {
    watch_.Watch({file_});
    std::future<bool> awaited = std::async(std::launch::async, [this] { return watch_.Await(); });
    change();
    if (awaited.wait_for(std::chrono::seconds(5)) == std::future_status::ready)
      return awaited.get();
    watch_.Stop();
    awaited.get();
    return false;
  }

  TempDir directory_;
  std::string file_ = directory_.Write("file", "old");
  FileWatch watch_;
};

TEST_F(FileWatchTest, NoticesWriting) {
  EXPECT_TRUE(Notices([&] { directory_.Write("file", "new"); }));
}

TEST_F(FileWatchTest, NoticesReplacement) {
  EXPECT_TRUE(Notices([&] { fs::rename(directory_.Write("fresh", "new"), file_); }));
}

TEST_F(FileWatchTest, NoticesThatItGoesAndComes) {
  EXPECT_TRUE(Notices([&] { fs::remove(file_); }));
  EXPECT_TRUE(Notices([&] { directory_.Write("file", "new"); }));
}

TEST_F(FileWatchTest, NoticesALinkThatIsTurned) {
  fs::create_directory(directory_.Path("1"));
  fs::create_directory(directory_.Path("2"));
  fs::create_symlink("1", directory_.Path("current"));
  file_ = directory_.Path("current/file");
  EXPECT_TRUE(Notices([&] {
    fs::create_symlink("2", directory_.Path("fresh"));
    fs::rename(directory_.Path("fresh"), directory_.Path("current"));
  }));
}

TEST_F(FileWatchTest, Stops) {
  watch_.Watch({file_});
  watch_.Stop();
  EXPECT_FALSE(watch_.Await());
}

TEST(FileWatchInABusyDirectory, TellsOfChangesThoughItIsNeverQuiet) {
  const TempDir directory;
  std::atomic<bool> stop = false;
  std::thread busy([&] {
    while (!stop) directory.Write("log", "another line");
  });
  FileWatch watch;
  watch.Watch({directory.Path("key")});
  const SteadyTime begin = SteadyTime::Now();
  EXPECT_TRUE(watch.Await());
  EXPECT_LT(SteadyTime::Now() - begin, absl::Seconds(9));  // sooner than the interval
  stop = true;
  busy.join();
}

TEST(FileWatchThatIsWoken, ComesBackOnceForEachGroupOfWakes) {
  FileWatch watch;
  watch.Wake();
  watch.Wake();
  EXPECT_TRUE(watch.Await());
  watch.Stop();
  watch.Wake();
  EXPECT_FALSE(watch.Await());
  EXPECT_FALSE(watch.Await());
}

}  // namespace
}  // namespace gateway
