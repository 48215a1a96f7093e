// Which trace contexts are continued, and what is forwarded of them: the rules of W3C Trace
// Context, Level 1.
#include "service/telemetry/trace_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace gateway {
namespace {

using testing::MatchesRegex;

constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kSpan[] = "00f067aa0ba902b7";

// Returns the traceparent to forward; empty if the input is invalid.
std::string Read(absl::string_view parent) {
  const auto context = ReadTraceContext({parent}, {});
  return context ? TraceParent(*context) : "";
}

std::string ReadState(const std::vector<absl::string_view>& states) {
  const auto context = ReadTraceContext({kParent}, states);
  EXPECT_TRUE(context.has_value());
  return context ? context->state : "";
}

TEST(TraceParentTest, IsReadAndWritten) {
  const auto context = ReadTraceContext({kParent}, {});
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, (TraceId{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736}));
  EXPECT_EQ(context->span_id, 0x00f067aa0ba902b7u);
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(context->state, "");
  EXPECT_EQ(Text(context->trace_id), kTrace);
  EXPECT_EQ(Text(context->span_id), kSpan);
  EXPECT_EQ(TraceParent(*context), kParent);
}

TEST(TraceParentTest, KnowsOneFlag) {
  const auto with_flags = [](absl::string_view flags) {
    return Read(absl::StrCat("00-", kTrace, "-", kSpan, "-", flags));
  };
  EXPECT_EQ(with_flags("01"), kParent);
  EXPECT_EQ(with_flags("ff"), kParent);
  EXPECT_EQ(with_flags("03"), kParent);
  const std::string unsampled = absl::StrCat("00-", kTrace, "-", kSpan, "-00");
  EXPECT_EQ(with_flags("00"), unsampled);
  EXPECT_EQ(with_flags("02"), unsampled);
  EXPECT_EQ(with_flags("fe"), unsampled);
}

// A later version has the fields of this version, and optionally more after a dash. The gateway
// forwards only the fields of this version.
TEST(TraceParentTest, ReadsLaterVersionsAsFarAsItKnowsThem) {
  const std::string rest = absl::StrCat(kTrace, "-", kSpan, "-01");
  for (const char* version : {"01", "cc", "fe"}) {
    EXPECT_EQ(Read(absl::StrCat(version, "-", rest)), kParent) << version;
    EXPECT_EQ(Read(absl::StrCat(version, "-", rest, "-")), kParent) << version;
    EXPECT_EQ(Read(absl::StrCat(version, "-", rest, "-what.comes")), kParent) << version;
    EXPECT_EQ(Read(absl::StrCat(version, "-", rest, ".what.comes")), "") << version;
    EXPECT_EQ(Read(absl::StrCat(version, "-", rest, "0")), "") << version;
  }
  EXPECT_EQ(Read(absl::StrCat("ff-", rest)), "");
  EXPECT_EQ(Read(absl::StrCat("ff-", rest, "-more")), "");
  EXPECT_EQ(Read(absl::StrCat("00-", rest, "-more")), "");
  EXPECT_EQ(Read(absl::StrCat("00-", rest, "-")), "");
}

TEST(TraceParentTest, RefusesIdsOfZeros) {
  const std::string zeros(32, '0');
  EXPECT_EQ(Read(absl::StrCat("00-", zeros, "-", kSpan, "-01")), "");
  EXPECT_EQ(Read(absl::StrCat("00-", kTrace, "-", zeros.substr(16), "-01")), "");
  // An ID is invalid only if all its digits are zero.
  for (const std::string& id : {zeros.substr(1) + "1", "1" + zeros.substr(1)}) {
    EXPECT_NE(Read(absl::StrCat("00-", id, "-", kSpan, "-01")), "") << id;
  }
}

// Puts each of these characters at every place of a valid traceparent.
TEST(TraceParentTest, RefusesWhatIsNoLowerCaseHexadecimal) {
  const std::string good = kParent;
  for (size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'A', 'F', 'g', '.', ' ', '\0', '\x80', '-', '/', ':', '`'}) {
      std::string changed = good;
      changed[i] = c;
      if (changed == good) continue;
      EXPECT_EQ(Read(changed), "") << i << " " << c;
    }
  }
}

TEST(TraceParentTest, RefusesEveryOtherLength) {
  const std::string good = kParent;
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_EQ(Read(good.substr(0, length)), "") << length;
    EXPECT_EQ(Read(good.substr(good.size() - length)), "") << length;
  }
  for (size_t i = 0; i <= good.size(); ++i) {
    std::string longer = good;
    longer.insert(i, "0");
    EXPECT_EQ(Read(longer), "") << i;
  }
}

TEST(TraceParentTest, RefusesNoneAndTwo) {
  EXPECT_FALSE(ReadTraceContext({}, {"a=1"}));
  EXPECT_FALSE(ReadTraceContext({kParent, kParent}, {}));
}

TEST(TraceStateTest, IsKeptAsItCame) {
  EXPECT_EQ(ReadState({"congo=t61rcWkgMzE"}), "congo=t61rcWkgMzE");
  EXPECT_EQ(ReadState({"foo=1,bar=2", "rojo=1,congo=2", "baz=3"}),
            "foo=1,bar=2,rojo=1,congo=2,baz=3");
  EXPECT_EQ(ReadState({"fw529a3039@dt=FfAAAA=="}), "") << "no = in a value";
  EXPECT_EQ(ReadState({"a=0 1  2"}), "a=0 1  2");
}

TEST(TraceStateTest, MayHaveBlanksAndEmptyMembers) {
  EXPECT_EQ(ReadState({" \tfoo=1 \t , \t bar=2,\tbaz=3\t"}), "foo=1,bar=2,baz=3");
  EXPECT_EQ(ReadState({"", "foo=1", ""}), "foo=1");
  EXPECT_EQ(ReadState({",foo=1,, ,bar=2,"}), "foo=1,bar=2");
  EXPECT_EQ(ReadState({"", " ", ","}), "");
}

TEST(TraceStateTest, TakesEveryCharacterThatIsAllowed) {
  std::string key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
  std::string value;
  for (char c = ' '; c <= '~'; ++c) {
    if (c != ',' && c != '=') value += c;
  }
  const std::string member = absl::StrCat(key, "=", value);
  EXPECT_EQ(ReadState({member}), member);
  const std::string of_a_tenant = absl::StrCat("0", key, "@a0_-*/=", value);
  EXPECT_EQ(ReadState({of_a_tenant}), of_a_tenant);
}

TEST(TraceStateTest, IsDroppedAsAWholeWhereAMemberIsNotValid) {
  for (const char* member :
       {"foo",           "=1",       "foo=",      "Foo=1",     "fOo=1",     "1foo=1",
        "_a=1",          "foo =1",   "foo.bar=1", "foo@=1",    "@foo=1",    "foo@@bar=1",
        "foo@bar@baz=1", "foo@1=1",  "_@foo=1",   "foo@Bar=1", "foo=bar=2", "foo=a\x1f",
        "foo=a\x7f",     "foo=a\tb", "foo=\x80",  "f\x80=1",   "\xff"}) {
    EXPECT_EQ(ReadState({member}), "") << member;
    EXPECT_EQ(ReadState({"a=1", member, "b=2"}), "") << member;
    EXPECT_EQ(ReadState({absl::StrCat("a=1,", member)}), "") << member;
  }
}

TEST(TraceStateTest, HasEachKeyOnce) {
  EXPECT_EQ(ReadState({"foo=1,foo=1"}), "");
  EXPECT_EQ(ReadState({"foo=1", "bar=1", "foo=2"}), "");
  EXPECT_EQ(ReadState({"foo=1,foo@a=1"}), "foo=1,foo@a=1");
}

TEST(TraceStateTest, HoldsTheLimitsOfKeysAndValues) {
  const auto is_valid = [](const std::string& member) {
    return !ReadState({absl::StrCat("a=1,", member)}).empty();
  };
  EXPECT_TRUE(is_valid(std::string(256, 'z') + "=1"));
  EXPECT_FALSE(is_valid(std::string(257, 'z') + "=1"));
  EXPECT_TRUE(is_valid(std::string(241, 't') + "@" + std::string(14, 'v') + "=1"));
  EXPECT_FALSE(is_valid(std::string(242, 't') + "@v=1"));
  EXPECT_FALSE(is_valid("t@" + std::string(15, 'v') + "=1"));
  EXPECT_TRUE(is_valid("b=" + std::string(256, 'v')));
  EXPECT_FALSE(is_valid("b=" + std::string(257, 'v')));
}

TEST(TraceStateTest, HasAtMost32Members) {
  std::vector<std::string> members;
  for (int i = 1; i <= 32; ++i) members.push_back(absl::StrCat("bar", i, "=", i));
  const std::string most = absl::StrJoin(members, ",");
  EXPECT_EQ(ReadState({most}), most);
  EXPECT_EQ(ReadState({most, ","}), most);
  EXPECT_EQ(ReadState({most, "bar33=33"}), "");
}

// Members longer than 128 characters are dropped first, the last of them first; then members at the
// end.
TEST(TraceStateTest, IsShortenedTo512Characters) {
  const auto member = [](absl::string_view key, size_t length) {
    return absl::StrCat(key, "=", std::string(length - key.size() - 1, 'v'));
  };
  const std::string a = member("a", 200);
  const std::string b = member("b", 200);
  const std::string c = member("c", 110);
  EXPECT_EQ(ReadState({a, b, c}), absl::StrJoin({a, b, c}, ","));  // 512 with the commas
  const std::string d = member("d", 111);
  EXPECT_EQ(ReadState({a, b, d}), absl::StrJoin({a, d}, ","));
  const std::string e = member("e", 129);
  EXPECT_EQ(ReadState({e, a, d, b}), absl::StrJoin({e, a, d}, ","));
  std::vector<std::string> short_ones;
  for (char key = 'a'; key <= 'h'; ++key) {
    short_ones.push_back(member(absl::string_view(&key, 1), 128));
  }
  const std::vector<std::string> kept(short_ones.begin(), short_ones.begin() + 3);
  EXPECT_EQ(ReadState({absl::StrJoin(short_ones, ",")}), absl::StrJoin(kept, ","));
}

TEST(SamplingTest, TakesTheShareThatItIsTold) {
  constexpr uint64_t kHalf = uint64_t{1} << 63;
  EXPECT_FALSE(IsSampled(0, 0));
  EXPECT_TRUE(IsSampled(UINT64_MAX, 1));
  EXPECT_TRUE(IsSampled(kHalf - 4096, 0.5));
  EXPECT_FALSE(IsSampled(kHalf, 0.5));
  int sampled = 0;
  for (int i = 0; i < 10000; ++i) sampled += IsSampled(NewTraceId().low, 0.2) ? 1 : 0;
  EXPECT_NEAR(sampled, 2000, 400);  // ten standard deviations
}

TEST(IdTest, AreNeverTheSame) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.insert(Text(NewTraceId()));
    ids.insert(Text(NewSpanId()));
  }
  EXPECT_EQ(ids.size(), 2000u);
  for (const std::string& id : ids) {
    EXPECT_THAT(id, MatchesRegex("([0-9a-f]{16}){1,2}"));
  }
  EXPECT_EQ(Text(SpanId{1}), "0000000000000001");
  EXPECT_EQ(Text(TraceId{0, 1}), "00000000000000000000000000000001");
}

}  // namespace
}  // namespace gateway
