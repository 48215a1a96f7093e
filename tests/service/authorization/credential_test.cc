// Policy rules with the methods `read` and `write` allow no method that carries a credential:
// checked for all served methods. Credentials are detected both by the annotation and by field
// names, so that a missing annotation is found.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/v1/annotations.pb.h"
#include "service/authorization/policy.h"
#include "service/authorization/settings.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/route.h"

namespace gateway::authorization {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// Adds the fields of the message type and of all types reachable from it.
void AddFields(const Descriptor& type, std::set<const FieldDescriptor*>& fields) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!fields.insert(&field).second) continue;
    if (field.message_type() != nullptr) AddFields(*field.message_type(), fields);
  }
}

bool IsAnnotated(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::field).credential();
}

bool SoundsLikeOne(const FieldDescriptor& field) {
  static const std::regex kNames(
      "(^|_)(token|secret|password|signed_url|upload_url|checkout_url|"
      "api_key|private_key|blik_code|pin)$");
  // `headless_token` is public at Tebex. The upstream shows only a part of `token`.
  static const std::set<std::string> kHarmless = {
      "paynow.management.v1.StartDataMigrationFromTebexRequestDto.headless_token",
      "paynow.management.v1.DataMigrationTaskDto.token"};
  // A bool field of such a name only says whether to make a new credential.
  return field.type() == FieldDescriptor::TYPE_STRING && std::regex_search(field.name(), kNames) &&
         !kHarmless.contains(field.full_name());
}

class CredentialTest : public testing::Test {
 protected:
  CredentialTest() {
    auto routes = mapping::RouteTable::Compile(mapping::EmbeddedFiles());
    EXPECT_TRUE(routes.ok()) << routes.status();
    routes_ = *std::move(routes);
    methods_ = MethodsOf(*routes_);
  }

  std::unique_ptr<const Policy> PolicyOf(const nlohmann::json& methods) const {
    const nlohmann::json rule = {{"anyone", true}, {"methods", methods}};
    auto policy = Policy::Parse("p", nlohmann::json{{"rules", {{"r", rule}}}}.dump(), methods_);
    EXPECT_TRUE(policy.ok()) << policy.status();
    return *std::move(policy);
  }

  // Returns the method's descriptor; null for a method without an upstream.
  static const MethodDescriptor* Find(const Method& method) {
    if (method.upstream.empty()) return nullptr;
    const DescriptorPool& pool = *mapping::EmbeddedFiles().front()->pool();
    return pool.FindMethodByName(absl::StrReplaceAll(method.name, {{"/", "."}}));
  }

  std::unique_ptr<const mapping::RouteTable> routes_;
  std::vector<Method> methods_;
};

TEST_F(CredentialTest, ReadAndWriteReachNone) {
  const auto policy = PolicyOf({"read", "write"});
  int allowed = 0;
  int refused = 0;
  for (size_t i = 0; i < methods_.size(); ++i) {
    const MethodDescriptor* const method = Find(methods_[i]);
    if (method == nullptr) continue;
    std::set<const FieldDescriptor*> fields;
    AddFields(*method->input_type(), fields);
    AddFields(*method->output_type(), fields);
    bool carries = false;
    for (const FieldDescriptor* field : fields) carries |= IsAnnotated(*field);
    const bool allows = policy->Judge(i, Identity()).any_store();
    EXPECT_EQ(allows, !carries) << methods_[i].name;
    ++(allows ? allowed : refused);
  }
  EXPECT_GT(allowed, 100);
  EXPECT_GT(refused, 20);
}

TEST_F(CredentialTest, AreAnnotatedWhereverTheirNameSaysSo) {
  std::set<const FieldDescriptor*> fields;
  for (const Method& each : methods_) {
    const MethodDescriptor* const method = Find(each);
    if (method == nullptr) continue;
    AddFields(*method->input_type(), fields);
    AddFields(*method->output_type(), fields);
  }
  int found = 0;
  for (const FieldDescriptor* field : fields) {
    if (!SoundsLikeOne(*field)) continue;
    ++found;
    EXPECT_TRUE(IsAnnotated(*field)) << field->full_name();
  }
  EXPECT_GT(found, 10);
}

TEST_F(CredentialTest, AreReachedByTheMethodsName) {
  for (const char* name : {"paynow.management.v1.WebhooksService/GetSubscriptions",
                           "paynow.management.v1.WebhooksService/*"}) {
    const auto policy = PolicyOf({name});
    for (size_t i = 0; i < methods_.size(); ++i) {
      if (methods_[i].name != "paynow.management.v1.WebhooksService/GetSubscriptions") continue;
      EXPECT_TRUE(methods_[i].credential);
      EXPECT_TRUE(policy->Judge(i, Identity()).any_store()) << name;
    }
  }
}

}  // namespace
}  // namespace gateway::authorization
