// Attacks on what a rule means: more than its author thought of.
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/security/victim.h"

namespace gateway::security {
namespace {

using enum grpc::StatusCode;

class AccessAttacks : public AttackTest {};

TEST_F(AccessAttacks, Attack58) {
  for (const char* method :
       {"WebhooksService/GetSubscriptions", "GameServersService/GetGameServers",
        "GiftcardsService/GetGiftCards", "DiscordService/GetDiscordServerLinks",
        "TagsService/GetTagImageUploadUrl"}) {
    ExpectRefused(Call(absl::StrCat("paynow.management.v1.", method), "{}", victim().Shop()).status,
                  PERMISSION_DENIED, "POLICY_METHOD");
  }
  // By one who may do everything: let through, and written down.
  EXPECT_TRUE(CallAny("paynow.management.v1.WebhooksService/GetSubscriptions").status.ok());
  EXPECT_TRUE(victim().Audits("spiffe://example/root",
                              "paynow.management.v1.WebhooksService/GetSubscriptions"));
}

}  // namespace
}  // namespace gateway::security
