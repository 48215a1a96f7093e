// Random damage in both directions, from a fixed seed: nothing crashes, every output can be parsed,
// and whatever is accepted has the same meaning for the parsers of protobuf and nlohmann/json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/shop.h"
#include "upstream/mapping/json_mend.h"

namespace gateway::mapping {
namespace {

using nlohmann::json;

constexpr int kRounds = 200'000;

class Mutator {
 public:
  explicit Mutator(std::vector<std::string> alphabet) : alphabet_(std::move(alphabet)) {}

  std::string Mutate(std::string bytes) {
    const size_t changes = 1 + Below(4);
    for (size_t i = 0; i < changes; ++i) Change(bytes);
    return bytes;
  }

  size_t Below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }

 private:
  void Change(std::string& bytes) {
    const size_t at = Below(bytes.size());
    switch (Below(7)) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(random_());
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << Below(8)));
        break;
      case 2:
        bytes.erase(at, 1 + Below(4));
        break;
      case 3:
        bytes.insert(at, bytes.substr(Below(bytes.size()), Below(16)));
        break;
      case 4:
        bytes.resize(at);
        break;
      default:
        bytes.insert(at, alphabet_[Below(alphabet_.size())]);
    }
  }

  std::mt19937_64 random_{20240229};
  const std::vector<std::string> alphabet_;
};

// Returns the request as protobuf's own parser reads it and its serializer writes it.
std::string Canonical(absl::string_view bytes) {
  const auto message = shop::New("MixRequest");
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))
             ? message->SerializeAsString()
             : "";
}

TEST(MutatedRequest, IsRefusedOrMeansWhatProtobufReads) {
  const std::vector<std::string> seeds = {
      shop::Wire("MixRequest", R"(stand_id: "1" reasons: "r" reasons: "s" body {
          text: "a" small: -1 big: 5 real: 0.5 flag: true flavor: FLAVOR_LEMON
          time { seconds: 5 nanos: 5 } nested { small: 1 nested { texts: "x" } }
          object { fields { key: "k" value { list_value { values { bool_value: true } } } } }
          any { struct_value { fields { key: "k" value { null_value: NULL_VALUE } } } } })"),
      shop::Wire("MixRequest", R"(stand_id: "1" reasons: "r" body {
          texts: "x" texts: "" smalls: [1, 300, -1] bigs: 5 reals: [0.5, 1] flags: [true, false]
          flavors: [FLAVOR_SOUR, FLAVOR_LEMON] nesteds {} nesteds { small: 1 }
          anys { number_value: 5 } anys { string_value: "s" } lists {} loose: [1, 2] })"),
      shop::Wire("MixRequest", R"(stand_id: "1" reasons: "r" body {
          text_map { key: "k" value: "v" } small_map { key: "" value: -1 }
          real_map { key: "r" value: 1.5 } flavor_map { key: "f" value: FLAVOR_LEMON }
          time_map { key: "t" value { nanos: 1 } } nested_map { key: "n" value { big: 5 } }
          object_map { key: "o" value { fields { key: "k" value { bool_value: false } } } }
          id: "7" duration: "P1D" narrow: 5 renamed: "z" })"),
  };
  Mutator mutator({shop::VarintField(2, 1), shop::VarintField(2, uint64_t{1} << 32 | 1),
                   shop::BytesField(1, "t"), shop::BytesField(22, ""), shop::BytesField(8, ""),
                   shop::BytesField(10, shop::VarintField(4, 1)), shop::BytesField(41, ""),
                   shop::BytesField(7, ""), shop::VarintField(6, 2), std::string(9, '\xff'),
                   shop::BytesField(22, "\x01\x02"), shop::Fixed64Field(4, 1)});
  int sent = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string bytes = mutator.Mutate(seeds[mutator.Below(seeds.size())]);
    const shop::Written written = shop::Write("Mix", bytes);
    const auto* request = std::get_if<RestRequest>(&written);
    if (request == nullptr) {
      const auto& failure = std::get<Failure>(written);
      json all = {failure.message};
      for (const Violation& v : failure.violations) all.push_back(v.field + v.description);
      ASSERT_NO_THROW(all.dump()) << testing::PrintToString(bytes);
      continue;
    }
    ++sent;
    if (request->http.has_body) {
      ASSERT_TRUE(json::accept(request->http.body)) << testing::PrintToString(bytes);
    }
    const shop::Written expected = shop::Write("Mix", Canonical(bytes));
    const auto* canonical = std::get_if<RestRequest>(&expected);
    ASSERT_NE(canonical, nullptr) << testing::PrintToString(bytes) << shop::Violated(expected);
    ASSERT_EQ(request->http.body, canonical->http.body) << testing::PrintToString(bytes);
    ASSERT_EQ(request->http.url, canonical->http.url) << testing::PrintToString(bytes);
    ASSERT_EQ(request->http.has_body, canonical->http.has_body);
  }
  EXPECT_GT(sent, kRounds / 100) << "the damage is too great to test what is accepted";
}

// Whether the reader may have accepted invalid JSON: the value of an unknown member is skipped, and
// some invalid values are mended.
bool TellsOfBadJson(const Reply& reply) {
  for (const Drift& drift : reply.drift) {
    if (drift.kind == Drift::Kind::kUnknownMember) return true;
    if (drift.kind == Drift::Kind::kAlteredValue) return true;
  }
  return false;
}

TEST(MutatedReply, IsUnreadableOrAMessage) {
  const std::vector<std::string> seeds = {
      R"({"text":"a\"\ud83c\udf4b","small":-1,"big":"2","real":0.5,"flag":true,"flavor":"lemon",)"
      R"("time":"2024-01-01T00:00:00.5+01:00","nested":{"small":1,"nested":{"texts":["x"]}},)"
      R"("object":{"k":[1,{}]},"any":null,"list":[[],"x",{"a":false}],"id":7,"steam_id":"8"})",
      R"({"texts":["x",""],"smalls":[1,300,-1],"reals":[0.5,1e3],"flags":[true,false],)"
      R"("flavors":["sour","lemon"],"nesteds":[{},{"small":1}],"anys":[5,"s"],"lists":[[]],)"
      R"("unknown":{"a":[1,{"b":"}"}]},"ids":[1,"2"],"otherName":"z"})",
      R"({"text_map":{"k":"v"},"small_map":{"":-1},"real_map":{"r":1.5},"flavor_map":{"f":"lemon"},)"
      R"("time_map":{"t":"1970-01-01T00:00:00Z"},"nested_map":{"n":{"big":5}},)"
      R"("any_map":{"y":[1]},"object_map":{"o":{"k":false}},"duration":"P1D"})",
  };
  Mutator mutator({"{",
                   "}",
                   "[",
                   "]",
                   ",",
                   ":",
                   "\"",
                   "\\",
                   "null",
                   "true",
                   "1e5",
                   "-",
                   "0",
                   "\\u0000",
                   "\\ud800",
                   "\\udc00",
                   "\xff",
                   "{}",
                   "[]",
                   "\"small\":1,",
                   " ",
                   "\"any\":",
                   "\n",
                   "\"nested\":{",
                   "9223372036854775808",
                   "1.5"});
  const char* const methods[] = {"GetMix", "GetReport", "GetMix", "GetReports"};
  int read = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::string body = mutator.Mutate(seeds[mutator.Below(seeds.size())]);
    const std::string method = methods[mutator.Below(std::size(methods))];
    if (method == "GetReports") body = absl::StrCat("[", body, "]");
    const shop::Read result = shop::ReadJson(method, body);
    const auto* reply = std::get_if<Reply>(&result);
    if (reply == nullptr) {
      ASSERT_NO_THROW(json(std::get<Failure>(result).message).dump()) << body;
      continue;
    }
    ++read;
    const auto message = shop::New(method == "GetMix"      ? "Everything"
                                   : method == "GetReport" ? "Report"
                                                           : "Reports");
    ASSERT_TRUE(message->ParseFromString(reply->message)) << testing::PrintToString(body);
    // A Report may have an empty body.
    ASSERT_TRUE(JsonContent(body).empty() || json::accept(body) || TellsOfBadJson(*reply))
        << testing::PrintToString(body);
    for (const Drift& drift : reply->drift) ASSERT_NO_THROW(json(drift.text).dump()) << body;
  }
  EXPECT_GT(read, kRounds / 100) << "the damage is too great to test what is accepted";
}

TEST(MutatedErrorReply, IsAlwaysAFailureThatCanBeTold) {
  const std::vector<std::string> seeds = {
      R"({"status":400,"code":"Bad","message":"no\nflavor","trace_id":"t","errors":[)"
      R"({"path":"a","message":"m"},{"path":["a",0,"b"],"message":"n"}]})",
      "<html><body>502 Bad Gateway \xf0\x9f\x8d\x8b</body></html>",
  };
  Mutator mutator({"{", "}", "[", "]", "\"", "<", ">", "\xff", "\xf0\x9f\x8d\x8b", "null",
                   "\\ud800", "\x1b", "\xc2\x85"});
  for (int round = 0; round < kRounds / 4; ++round) {
    const std::string body = mutator.Mutate(seeds[mutator.Below(seeds.size())]);
    const shop::Read result = shop::ReadJson("RefundGlass", body, 400);
    const auto* failure = std::get_if<Failure>(&result);
    ASSERT_NE(failure, nullptr);
    ASSERT_EQ(failure->code, absl::StatusCode::kInvalidArgument);
    ASSERT_EQ(failure->outcome, Outcome::kRefused);
    json all = {failure->message, failure->upstream_code, failure->trace_id};
    for (const Violation& v : failure->violations) all.push_back(v.field + v.description);
    ASSERT_NO_THROW(all.dump()) << testing::PrintToString(body);
  }
}

}  // namespace
}  // namespace gateway::mapping
