// API keys that are read from files and environment variables.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <string>

#include "service/config/config.h"
#include "service/config/prefixed.h"
#include "service/config/read_file.h"
#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

// Stands for an API key that was put into the wrong place by mistake.
constexpr char kSecret[] = "pnapi_v1_MARKER";

class ReadKeyTest : public testing::Test {
 protected:
  absl::StatusOr<std::string> FromFile(const std::string& text) {
    return ReadKey({directory_.Write("key", text), ""});
  }
  static absl::StatusOr<std::string> FromEnv(const char* value) {
    setenv("GATEWAY_TEST_KEY", value, 1);
    return ReadKey({"", "GATEWAY_TEST_KEY"});
  }

  TempDir directory_;
};

TEST_F(ReadKeyTest, CutsLineEndsAtTheEndOnly) {
  for (const char* text : {"a~!Z", "a~!Z\n", "a~!Z\r\n", "a~!Z\n\n"}) {
    EXPECT_EQ(*FromFile(text), "a~!Z");
    EXPECT_EQ(*FromEnv(text), "a~!Z");
  }
}

TEST_F(ReadKeyTest, RefusesAnEmptyKey) {
  for (const char* text : {"", "\n", "\r\n"}) {
    EXPECT_EQ(FromFile(text).status(), absl::InvalidArgumentError("file: the key is empty"));
    EXPECT_EQ(FromEnv(text).status(), absl::InvalidArgumentError("env: the key is empty"));
  }
}

// CR and LF could inject another header.
TEST_F(ReadKeyTest, RefusesWhatCannotBeAHeadersValue) {
  for (const char* text :
       {"MARKER\nX: y", "MARKER\r\nX: y", "MARKER\rx", " MARKER", "MARKER ", "MAR KER", "MARKER\t",
        "MARKER\x7f", "MARKER\xc3\xa9", "\xef\xbb\xbfMARKER"}) {
    EXPECT_EQ(FromFile(text).status(),
              absl::InvalidArgumentError("file: the key has something other than printable ASCII"));
    EXPECT_EQ(FromEnv(text).status(),
              absl::InvalidArgumentError("env: the key has something other than printable ASCII"));
  }
  EXPECT_FALSE(FromFile(std::string("MAR\0KER", 7)).ok());
}

TEST_F(ReadKeyTest, NamesTheSource) {
  EXPECT_EQ(ReadKey({"/no/such/key", ""}).status(),
            absl::NotFoundError("file: /no/such/key cannot be read"));
  EXPECT_EQ(ReadKey({"", "GATEWAY_TEST_UNSET_1"}).status(),
            absl::NotFoundError("env: there is no variable GATEWAY_TEST_UNSET_1"));
}

// The operator may have put the key itself where the name of its source belongs: an error does not
// show a text that does not look like a name.
TEST_F(ReadKeyTest, ShowsNoSourceThatMayBeAKey) {
  EXPECT_EQ(ReadKey({kSecret, ""}).status(),
            absl::NotFoundError("file: the key's file cannot be read"));
  EXPECT_EQ(ReadKey({directory_.Path(), ""}).status(),
            absl::NotFoundError("file: " + directory_.Path() + " is no regular file"));
  EXPECT_EQ(ReadKey({"", kSecret}).status(),
            absl::NotFoundError("env: there is no variable of this name"));
}

// Nobody writes to the pipe, so a read from it would block for ever. A read of a device may not
// end.
TEST_F(ReadKeyTest, WaitsForNoPipeAndNoDevice) {
  const std::string pipe = directory_.Path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& file : {pipe, std::string("/dev/zero")}) {
    const absl::Status refused = absl::NotFoundError(file + " is no regular file");
    EXPECT_EQ(ReadKey({file, ""}).status(), Prefixed("file: ", refused));
    EXPECT_EQ(ReadTrustedFile(file).status(), refused);
    EXPECT_EQ(LoadConfig(file).status(), absl::NotFoundError(file + ": is no regular file"));
  }
}

}  // namespace
}  // namespace gateway
