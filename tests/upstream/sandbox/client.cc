#include "tests/upstream/sandbox/client.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace gateway::sandbox {

Client::Client(int port, std::string key) : http_("127.0.0.1", port), key_(std::move(key)) {
  http_.set_keep_alive(true);
  http_.set_tcp_nodelay(true);
  http_.set_read_timeout(60);
}

Answer Client::Send(const std::string& verb, const std::string& target, const std::string& body,
                    const std::string& content_type) {
  httplib::Request request;
  request.method = verb;
  request.path = target;
  if (!key_.empty()) request.set_header("Authorization", "APIKey " + key_);
  if (!body.empty()) {
    request.set_header("Content-Type", content_type);
    request.body = body;
  }
  const httplib::Result result = http_.send(request);
  if (!result) return {};
  Answer answer{result->status, result->get_header_value("Content-Type"), result->body, Json()};
  if (std::optional<Json> json = ParseJson(answer.text)) answer.body = *std::move(json);
  return answer;
}

std::unique_ptr<Sandbox> StartSandbox() {
  Sandbox::Options options;
  options.threads = 16;
  auto sandbox = Sandbox::Start(std::move(options));
  if (!sandbox.ok()) {
    ADD_FAILURE() << sandbox.status();
    std::abort();
  }
  return *std::move(sandbox);
}

std::string SeededPath(const Operation& operation) {
  static const auto* const kIds = new std::map<std::string, std::string>{
      {"affiliateLinkId", "411486491630370843"},
      {"banId", "411486491630370847"},
      {"couponId", "411486491630370840"},
      {"customVariableId", "411486491630370844"},
      {"customerId", "411486491630370817"},
      {"deliveryItemId", "411486491630370854"},
      {"discordServerId", "800000000000000001"},
      {"downloadableFileId", "411486491630370869"},
      {"gameServerId", "411486491630370833"},
      {"giftCardId", "411486491630370841"},
      {"globalCommandId", "411486491630370848"},
      {"inventoryItemId", "411486491630370854"},
      {"memberId", "411486491630370866"},
      {"navLinkId", "411486491630370832"},
      {"orderId", "411486491630370850"},
      {"paymentId", "411486491630370853"},
      {"paymentMethodTypeId", "card"},
      {"productDependentMigrationId", "411486491630370871"},
      {"productId", "411486491630370818"},
      {"productVersionId", "411486491630370819"},
      {"regionId", "eu"},
      {"saleId", "411486491630370842"},
      {"storeId", "411486491630370816"},
      {"subscriptionId", "411486491630370860"},
      {"tagId", "411486491630370831"},
      {"tierGroupId", "411486491630370830"},
      {"token", "sandbox-link"},
      {"trialEligibilityOverrideId", "411486491630370862"},
      {"trialId", "411486491630370861"},
      {"webhookId", "411486491630370863"},
  };
  std::string path = operation.path;
  // Files belong to another product than the other parts do, and one of them waits for the end of
  // its upload.
  if (absl::StrContains(path, "downloadable-files")) {
    absl::StrReplaceAll({{"{productId}", "411486491630370836"}}, &path);
  }
  if (absl::EndsWith(path, "/finish")) {
    absl::StrReplaceAll({{"{downloadableFileId}", "411486491630370870"}}, &path);
  }
  // One game server has a console, the other has none yet.
  if (operation.verb == "POST" && absl::EndsWith(path, "/console")) {
    absl::StrReplaceAll({{"{gameServerId}", "411486491630370873"}}, &path);
  }
  for (const auto& [name, id] : *kIds) {
    absl::StrReplaceAll({{absl::StrCat("{", name, "}"), id}}, &path);
  }
  return path;
}

Json SeededMember(absl::string_view member) {
  static const auto* const kValues = new std::map<std::string, Json>{
      {"coupon_id", "411486491630370840"},
      {"customer_id", "411486491630370817"},
      {"gift_to_customer_id", "411486491630370821"},
      {"id", "411486491630370845"},
      {"name", "Ada"},
      {"node_id", "411486491630370832"},
      {"order_line_id", "411486491630370851"},
      {"price", 1250},
      {"product_id", "411486491630370818"},
      {"product_ids", {"411486491630370836", "411486491630370818"}},
      {"product_version_id", "411486491630370819"},
      {"promo_codes", {"WELCOME10", "GIFT-1000"}},
      {"quantity", 2},
      {"return_url", "https://shop.example.com/thanks"},
      {"tag_id", "411486491630370831"},
      {"webhook_id", "411486491630370864"},
  };
  const auto value = kValues->find(std::string(member));
  return value == kValues->end() ? Absent() : value->second;
}

ExampleOptions SeededExample(Fill fill) {
  ExampleOptions options;
  options.fill = fill;
  options.known = SeededMember;
  return options;
}

std::string Describe(const std::vector<Violation>& violations) {
  std::string text;
  for (const Violation& violation : violations) {
    absl::StrAppend(&text, violation.path, ": ", violation.code, ", ", violation.message, "\n");
  }
  return text;
}

}  // namespace gateway::sandbox
