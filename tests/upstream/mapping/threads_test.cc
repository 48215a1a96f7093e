// One route table serves all threads.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

TEST(Threads, ShareRoutesAndNotParsers) {
  const std::string request =
      shop::Wire("MixRequest", "stand_id: '1' reasons: 'r' body { small: 1 texts: 'x' }");
  // Not canonical, so it goes through the shared prototype.
  const std::string disordered = request + shop::BytesField(2, shop::VarintField(3, 5));
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::string& result : results) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        const auto plain = shop::Write("Mix", request);
        const auto merged = shop::Write("Mix", disordered);
        result = std::get<RestRequest>(plain).http.body + std::get<RestRequest>(merged).http.body +
                 shop::ReadText("GetReport", std::string(i, ' ') + "5") +
                 shop::ReadText("GetMix", R"({"text":"a\nb","new":1,"nested":{"small":5}})");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) {
    EXPECT_EQ(result, R"({"small":1,"texts":["x"]}{"small":1,"big":5,"texts":["x"]})"
                      R"(result { number_value: 5 } text: "a\nb" nested { small: 5 } )");
  }
}

}  // namespace
}  // namespace gateway::mapping
