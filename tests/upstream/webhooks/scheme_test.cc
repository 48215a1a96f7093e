#include "upstream/webhooks/scheme.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/upstream/webhooks/message.h"

namespace gateway::webhooks {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

// Compiles files "0.proto" and so on with these schemes. Returns the error's message, or "".
std::string ProblemOf(const std::vector<std::string>& schemes) {
  mapping::EmbeddedFiles();
  DescriptorPool pool(DescriptorPool::generated_pool());
  std::vector<const FileDescriptor*> files;
  for (const std::string& scheme : schemes) {
    google::protobuf::FileDescriptorProto file;
    const std::string text = absl::StrCat("name: '", files.size(), ".proto' syntax: 'proto3' ",
                                          "options { [gateway.signing.v1.scheme] {", scheme, "} }");
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &file)) << text;
    files.push_back(pool.BuildFile(file));
  }
  return std::string(Schemes::Read(files).status().message());
}

std::string ProblemOfSignature(const std::string& signature) {
  return ProblemOf({absl::StrCat("provider: 'p' type: 't' signature {", signature, "}")});
}

TEST(SchemesTest, HaveEachProviderOfTheProtos) {
  EXPECT_EQ(EmbeddedSchemes().by_provider().size(), 4u);
  EXPECT_EQ(SchemeOf("paynow").signature().timestamp_header(), "PayNow-Timestamp");
  EXPECT_FALSE(SchemeOf("qashier").has_signature());
  EXPECT_EQ(EmbeddedSchemes().Find("paylater"), nullptr);
  EXPECT_EQ(EmbeddedSchemes().Find("PayNow"), nullptr);
}

TEST(SchemesTest, RefuseAnOptionThatContradictsItself) {
  constexpr char kStart[] = "0.proto: (gateway.signing.v1.scheme): ";
  const std::string good = "header: 'H' key: KEY_SECRET encoding: HEX ";
  EXPECT_EQ(ProblemOfSignature(good), "");
  EXPECT_EQ(ProblemOf({"type: 't'"}), absl::StrCat(kStart, "provider is required"));
  EXPECT_EQ(ProblemOf({"provider: 'p'"}), absl::StrCat(kStart, "type is required"));
  const struct {
    std::string signature;
    const char* problem;
  } kCases[] = {
      {"key: KEY_SECRET encoding: HEX", "header is required"},
      {"header: 'H' encoding: HEX", "at least one key is required"},
      {"header: 'H' key: KEY_SECRET", "at least one encoding is required"},
      {good + "key: KEY_UNSPECIFIED", "a key and an encoding cannot be unspecified"},
      {good + "encoding: ENCODING_UNSPECIFIED", "a key and an encoding cannot be unspecified"},
      {good + "timestamp_unit: MILLISECONDS", "timestamp_unit is for a timestamp_header"},
      {good + "separator: '.'", "separator is for a timestamp_header"},
      {good + "timestamp_header: 'T'", "timestamp_unit is required with a timestamp_header"},
  };
  for (const auto& [signature, problem] : kCases) {
    EXPECT_EQ(ProblemOfSignature(signature), absl::StrCat(kStart, "signature: ", problem));
  }
}

TEST(SchemesTest, RefuseTwoOfOneProvider) {
  EXPECT_EQ(ProblemOf({"provider: 'p' type: 't'", "provider: 'q' type: 't'"}), "");
  EXPECT_EQ(ProblemOf({"provider: 'p' type: 't'", "provider: 'p' type: 'u'"}),
            "1.proto: (gateway.signing.v1.scheme): another file has a scheme of this provider");
}

}  // namespace
}  // namespace gateway::webhooks
