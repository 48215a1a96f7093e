// A key that has been replaced is erased from the memory of the process, so nobody who reads that
// memory later can find it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "tests/service/child_process.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

using nlohmann::json;

constexpr size_t kWindow = size_t{1} << 20;
constexpr char kMask = 0x5a;

// A key that is in plain text only in its file. This process keeps a masked copy, because the test
// searches this process for the plain text.
class HiddenKey {
 public:
  explicit HiddenKey(const std::string& file) {
    const Ended made = RunProgram(
        {"sh", "-c",
         "umask 077; (printf pnapi_v1_; od -An -N24 -tx1 /dev/urandom | tr -d ' \\n') > " + file});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    const int fd = open(file.c_str(), O_RDONLY);
    const ssize_t size = read(fd, masked_.data(), masked_.size());
    close(fd);
    EXPECT_EQ(size, static_cast<ssize_t>(masked_.size()));
    for (char& c : masked_) c = static_cast<char>(c ^ kMask);
  }

  // How often the key occurs in the memory of this process.
  int Count() const {
    const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char* const window = static_cast<char*>(
        mmap(nullptr, kWindow, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    int count = 0;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      uint64_t begin = 0;
      uint64_t end = 0;
      char dash = 0;
      std::string rights;
      std::istringstream(line) >> std::hex >> begin >> dash >> end >> rights;
      const auto own = reinterpret_cast<uint64_t>(window);
      if (rights.substr(0, 2) == "rw" && !(begin <= own && own < end)) {
        count += CountIn(memory, window, begin, end);
      }
    }
    munmap(window, kWindow);
    close(memory);
    return count;
  }

 private:
  int CountIn(int memory, char* window, uint64_t begin, uint64_t end) const {
    int count = 0;
    for (uint64_t at = begin; at < end; at += kWindow - masked_.size() + 1) {
      const size_t wanted = std::min<uint64_t>(kWindow, end - at);
      const ssize_t size = pread(memory, window, wanted, static_cast<off_t>(at));
      if (size < static_cast<ssize_t>(masked_.size())) break;
      const char* const last = window + size;
      for (const char* found = window; found != last; ++found) {
        found = std::search(
            found, last, masked_.begin(), masked_.end(),
            [](char plain, char masked) { return plain == static_cast<char>(masked ^ kMask); });
        if (found == last) break;
        ++count;
      }
      if (end - at <= kWindow) break;
    }
    return count;
  }

  std::array<char, 9 + 48> masked_;
};

TEST(KeyMemoryTest, HoldsNoKeyThatHasBeenExchanged) {
  TempDir directory;
  ChildProcess upstream({"python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"});
  const std::string line = upstream.WaitForLine("Serving HTTP on 127.0.0.1 port ");
  const size_t port = line.find(" port ");
  ASSERT_NE(port, std::string::npos) << upstream.err();
  const std::string url =
      absl::StrCat("http://127.0.0.1:", line.substr(port + 6, line.find(' ', port + 6) - port - 6));
  const HiddenKey first(directory.Path("key"));
  json upstreams;
  for (const char* provider : {"paynow", "qashier"}) {  // one sends the key as it is, one in Base64
    upstreams[provider] = {{"base_url", url},
                           {"api_key", {{"file", directory.Path("key")}}},
                           {"retry", {{"max_attempts", 2}}}};
  }
  upstreams["paynow"]["default_store"] = "411486491630370816";
  const auto config = LoadConfig(directory.Write(
      "gateway.json", json{{"listen", "127.0.0.1:0"}, {"upstreams", upstreams}}.dump()));
  ASSERT_TRUE(config.ok()) << config.status();
  auto gateway = Gateway::Create(*config);
  ASSERT_TRUE(gateway.ok()) << gateway.status();
  const auto call = [&] {
    for (const char* method : {"paynow.management.v1.OrdersService/GetOrders",
                               "qashier.v1.CheckoutSessionsService/ListCheckoutSessions"}) {
      for (int i = 0; i < 20; ++i) {
        CallRpc(absl::StrCat("127.0.0.1:", (*gateway)->port()), method, "{}", RpcOptions());
      }
    }
  };
  call();
  EXPECT_GT(first.Count(), 0) << "the search finds nothing: this shows nothing";
  const HiddenKey second(directory.Path("fresh"));
  std::filesystem::rename(directory.Path("fresh"), directory.Path("key"));
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (!absl::StrContains((*gateway)->MetricsText(),
                            "\ngateway_reloads_total{result=\"applied\"} 1\n") &&
         absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  call();
  EXPECT_GT(second.Count(), 0);
  int left = first.Count();  // until the old generation is destroyed
  while (left > 0 && absl::Now() < end) left = first.Count();
  EXPECT_EQ(left, 0);
}

}  // namespace
}  // namespace gateway
