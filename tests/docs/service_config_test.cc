// The committed service config matches the protos, and gRPC accepts it.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/validate_service_config.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/service/child_process.h"
#include "upstream/mapping/descriptors.h"

namespace gateway {
namespace {

std::string Committed() {
  std::ifstream stream(SOURCE_DIR "/docs/clients/service-config.json", std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

TEST(ServiceConfig, IsWhatTheProtosSay) {
  EXPECT_EQ(Committed(), RunProgram({BUILD_DIR "/service-config"}).out)
      << "run make service-config";
}

// Derives the methods from the protos, independently of the program service-config: the config
// lists every read and no write.
TEST(ServiceConfig, RetriesEveryReadAndNoWrite) {
  const nlohmann::json config = nlohmann::json::parse(Committed());
  std::set<std::string> named;
  for (const auto& entry : config.at("methodConfig")) {
    for (const auto& name : entry.at("name")) {
      named.insert(name.at("service").get<std::string>() + "." +
                   name.at("method").get<std::string>());
    }
  }
  size_t reads = 0;
  for (const auto* file : mapping::EmbeddedFiles()) {
    for (int i = 0; i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        const auto& method = *file->service(i)->method(j);
        const bool read = method.options().idempotency_level() ==
                          google::protobuf::MethodOptions::NO_SIDE_EFFECTS;
        reads += read ? 1 : 0;
        EXPECT_EQ(named.count(method.full_name()) == 1, read) << method.full_name();
      }
    }
  }
  EXPECT_EQ(named.size(), reads);
  EXPECT_GT(reads, 50u);
}

TEST(ServiceConfig, IsTakenByGrpc) {
  EXPECT_EQ(grpc::experimental::ValidateServiceConfigJSON(Committed()), "");
  EXPECT_NE(grpc::experimental::ValidateServiceConfigJSON(R"({"methodConfig": 1})"), "");
}

}  // namespace
}  // namespace gateway
