// apigen --openapi FILE --package NAME [--proto-dir DIR] [--import-path DIR]... [--check]
//
// Exit codes: 0 done or nothing to do, 1 --check found that files would change, 2 it could not be
// done.
#include <iostream>
#include <optional>
#include <string>

#include "tools/apigen/apigen.h"
#include "tools/apigen/files.h"

namespace {

constexpr char kUsage[] =
    R"(Writes the protos of a REST API from its OpenAPI 3 file. The protos that are there already
are the record of all numbers, comments and decisions by hand: they are kept.

  --openapi FILE       the OpenAPI file, JSON
  --package NAME       package of the protos, for example shop.v1
  --proto-dir DIR      root of the protos (default: proto)
  --import-path DIR    where else imports are found; may be repeated
  --check              write nothing; exit 1 if anything would change
)";

constexpr int kWouldChange = 1;
constexpr int kFailed = 2;

struct Arguments {
  std::string openapi;
  gateway::apigen::Options options;
  bool check = false;
};

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--check") {
      arguments.check = true;
      continue;
    }
    if (++i == argc) return std::nullopt;
    const std::string value = argv[i];
    if (flag == "--openapi") {
      arguments.openapi = value;
    } else if (flag == "--package") {
      arguments.options.package = value;
    } else if (flag == "--proto-dir") {
      arguments.options.proto_dir = value;
    } else if (flag == "--import-path") {
      arguments.options.import_paths.push_back(value);
    } else {
      return std::nullopt;
    }
  }
  if (arguments.openapi.empty() || arguments.options.package.empty()) return std::nullopt;
  return arguments;
}

int Fail(const absl::Status& status) {
  std::cerr << "apigen: " << status.message() << "\n";
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> arguments = Parse(argc, argv);
  if (!arguments) {
    std::cerr << kUsage;
    return kFailed;
  }
  const auto text = gateway::apigen::ReadFile(arguments->openapi);
  if (!text.ok()) return Fail(text.status());
  const auto outcome = gateway::apigen::Generate(*text, arguments->options);
  if (!outcome.ok()) return Fail(outcome.status());

  std::cout << outcome->report;
  for (const auto& [path, content] : outcome->files) {
    std::cout << (content ? "write   " : "delete  ") << path << "\n";
  }
  if (arguments->check) return outcome->files.empty() ? 0 : kWouldChange;
  const absl::Status applied = gateway::apigen::Apply(*outcome, arguments->options.proto_dir);
  return applied.ok() ? 0 : Fail(applied);
}
