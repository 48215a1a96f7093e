#include "upstream/mapping/descriptors.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using google::protobuf::DescriptorPool;
using testing::HasSubstr;

std::string Set(const std::string& text) {
  google::protobuf::FileDescriptorSet set;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &set));
  return set.SerializeAsString();
}

TEST(EmbeddedFilesTest, ComeWithImportsFirst) {
  std::vector<std::string> seen;
  for (const auto* file : EmbeddedFiles()) {
    for (int i = 0; i < file->dependency_count(); ++i) {
      EXPECT_THAT(seen, testing::Contains(file->dependency(i)->name()));
    }
    seen.push_back(file->name());
  }
  EXPECT_THAT(seen, testing::Contains("gateway/v1/annotations.proto"));
  EXPECT_EQ(&EmbeddedFiles(), &EmbeddedFiles());
}

TEST(AddDescriptorSetTest, PutsFilesWhereReflectionLooks) {
  shop::Routes();
  EXPECT_NE(DescriptorPool::generated_pool()->FindServiceByName("test.shop.v1.ShopService"),
            nullptr);
}

TEST(AddDescriptorSetTest, AddsAFileOnce) {
  const std::string set = Set(R"(file { name: "test/once.proto" package: "test.once"
                                        message_type { name: "Once" } })");
  const auto first = AddDescriptorSet(set);
  const auto second = AddDescriptorSet(set);
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_EQ(first->size(), 1u);
  EXPECT_EQ((*first)[0], (*second)[0]);
}

TEST(AddDescriptorSetTest, RefusesWhatIsNoneOrDoesNotStand) {
  EXPECT_EQ(AddDescriptorSet("\xff\xff").status().code(), absl::StatusCode::kInvalidArgument);
  const auto no_import = AddDescriptorSet(
      Set(R"(file { name: "test/import.proto" dependency: "test/missing.proto" })"));
  EXPECT_EQ(no_import.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(no_import.status().message(), HasSubstr("test/missing.proto"));
  const auto no_type = AddDescriptorSet(Set(R"(file { name: "test/type.proto" message_type {
      name: "M" field { name: "f" number: 1 type_name: ".test.Missing" label: LABEL_OPTIONAL } } })"));
  EXPECT_EQ(no_type.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(no_type.status().message(), HasSubstr("Missing"));
  shop::Routes();
  const auto taken = AddDescriptorSet(Set(
      R"(file { name: "test/taken.proto" package: "test.shop.v1" message_type { name: "Stock" } })"));
  EXPECT_EQ(taken.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(AddDescriptorSet("").ok());
}

}  // namespace
}  // namespace gateway::mapping
