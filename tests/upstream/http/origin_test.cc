#include "upstream/http/origin.h"

#include <gtest/gtest.h>

namespace gateway::http {
namespace {

TEST(OriginTest, IsSchemeAndAuthority) {
  const absl::StatusOr<Origin> origin = Origin::Parse("HTTPS://api.example:8443/v1?x#y");
  ASSERT_TRUE(origin.ok());
  EXPECT_TRUE(origin->is_tls);
  EXPECT_EQ(origin->authority, "api.example:8443");
  EXPECT_EQ(origin->Url(), "https://api.example:8443/");
  EXPECT_EQ(Origin::Parse("http://[::1]:80")->authority, "[::1]:80");
}

TEST(OriginTest, RefusesWhatIsNoAbsoluteHttpUrl) {
  for (const char* url : {"", "api.example", "ftp://api.example/", "http://", "https:///x",
                          "https://user@api.example/", "http://api.example/a b", "http://\x7f/"}) {
    EXPECT_FALSE(Origin::Parse(url).ok()) << url;
  }
}

TEST(OriginTest, TargetIsPathAndQueryOfItsOwnUrls) {
  const Origin origin = *Origin::Parse("http://api.example:81");
  EXPECT_EQ(origin.TargetOf("http://api.example:81"), "/");
  EXPECT_EQ(origin.TargetOf("http://API.example:81/a/../b?c=%2F"), "/a/../b?c=%2F");
  for (const char* other : {"https://api.example:81/", "http://api.example:811/",
                            "http://api.example/", "http://api.example:81.evil/", "/"}) {
    EXPECT_EQ(origin.TargetOf(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace gateway::http
