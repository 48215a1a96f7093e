// Secrets that are made beside a store.
#include "service/generation/store_secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <barrier>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

using testing::SizeIs;

// Whoever finds the file finds the whole key in it: at no time is it empty.
TEST(StoreSecretsTest, ManyWhoMakeASecretAtTheSameTimeGetTheSame) {
  constexpr int kThreads = 16;
  constexpr int kRounds = 100;
  const TempDir directory;
  std::vector<std::vector<std::string>> got(kThreads, std::vector<std::string>(kRounds));
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < kRounds; ++round) {
        start.arrive_and_wait();
        const auto secret =
            StoreSecretOr("key_file", "", directory.Path(absl::StrCat("secret-", round)));
        got[thread][round] = secret.ok() ? *secret : std::string(secret.status().message());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int round = 0; round < kRounds; ++round) {
    std::set<std::string> secrets;
    for (int thread = 0; thread < kThreads; ++thread) secrets.insert(got[thread][round]);
    ASSERT_THAT(secrets, SizeIs(1)) << "round " << round;
    ASSERT_THAT(*secrets.begin(), SizeIs(64));
  }
  const std::filesystem::directory_iterator files(directory.Path(""));
  EXPECT_EQ(std::distance(begin(files), end(files)), kRounds) << "drafts are left";
}

TEST(StoreSecretsTest, OnlyTheOwnerMayReadASecret) {
  const TempDir directory;
  const std::string file = directory.Path("secret");
  ASSERT_TRUE(StoreSecretOr("key_file", "", file).ok());
  struct stat about = {};
  ASSERT_EQ(stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST(StoreSecretsTest, APresentFileIsKept) {
  const TempDir directory;
  const std::string text(40, 'x');
  EXPECT_EQ(*StoreSecretOr("key_file", "", directory.Write("secret", text)), text);
  EXPECT_EQ(StoreSecretOr("key_file", "", directory.Write("empty", "")).status().message(),
            "key_file: file: the key is empty");
}

}  // namespace
}  // namespace gateway
