// apigen --openapi FILE --package NAME [options]: see kUsage.
//
// Exit codes: see kUsage.
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

#include "tools/apigen/apigen.h"
#include "tools/apigen/committed/files.h"

namespace {

constexpr char kUsage[] =
    R"(Writes the protos of a REST API from its OpenAPI 3 file. The protos that are there already
are the record of all numbers, comments and decisions by hand: they are kept.

  --openapi FILE       the OpenAPI file, JSON
  --package NAME       package of the protos, for example shop.v1
  --proto-dir DIR      root of the protos (default: proto)
  --import-path DIR    where else imports are found; may be repeated
  --decisions FILE     what people decided: see tools/apigen/committed/decisions.h
  --version NAME       what the report calls this version (default: the name of the OpenAPI file)
  --report FILE        writes the report there, as Markdown; it is printed in any case
  --report-json FILE   writes the report there, as JSON
  --check              write no protos

Exit codes: 0 nothing changed, 3 changes, 4 changes that break callers, 2 wrong arguments,
1 error: if it comes from reading or generating, nothing was written; if a file could not be
written, others may be.
)";

constexpr int kRefused = 1;
constexpr int kWrongArguments = 2;
constexpr int kChanges = 3;
constexpr int kBreaking = 4;

struct Arguments {
  std::string openapi;
  std::string report;
  std::string report_json;
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
    } else if (flag == "--decisions") {
      arguments.options.decisions = value;
    } else if (flag == "--version") {
      arguments.options.version = value;
    } else if (flag == "--report") {
      arguments.report = value;
    } else if (flag == "--report-json") {
      arguments.report_json = value;
    } else {
      return std::nullopt;
    }
  }
  if (arguments.openapi.empty() || arguments.options.package.empty()) return std::nullopt;
  if (arguments.options.version.empty()) {
    arguments.options.version = std::filesystem::path(arguments.openapi).stem().string();
  }
  return arguments;
}

int Refuse(const absl::Status& status) {
  std::cerr << "apigen: " << status.message() << "\n";
  return kRefused;
}

absl::Status WriteReports(const Arguments& arguments, const gateway::apigen::Report& report) {
  using gateway::apigen::WriteFile;
  if (!arguments.report.empty()) {
    const absl::Status status = WriteFile(arguments.report, Markdown(report));
    if (!status.ok()) return status;
  }
  if (arguments.report_json.empty()) return absl::OkStatus();
  return WriteFile(arguments.report_json, JsonText(report));
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> arguments = Parse(argc, argv);
  if (!arguments) {
    std::cerr << kUsage;
    return kWrongArguments;
  }
  const auto text = gateway::apigen::ReadFile(arguments->openapi);
  if (!text.ok()) return Refuse(text.status());
  const auto outcome = gateway::apigen::Generate(*text, arguments->options);
  if (!outcome.ok()) return Refuse(outcome.status());

  std::cout << Markdown(outcome->report) << "\n";
  for (const auto& [path, content] : outcome->files) {
    std::cout << (content ? "write   " : "delete  ") << path << "\n";
  }
  if (!arguments->check) {
    const absl::Status applied = gateway::apigen::Apply(*outcome, arguments->options.proto_dir);
    if (!applied.ok()) return Refuse(applied);
  }
  const absl::Status reported = WriteReports(*arguments, outcome->report);
  if (!reported.ok()) return Refuse(reported);
  if (outcome->report.breaking() > 0) return kBreaking;
  return outcome->files.empty() ? 0 : kChanges;
}
