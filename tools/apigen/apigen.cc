#include "tools/apigen/apigen.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/apigen/contract.h"
#include "tools/apigen/files.h"
#include "tools/apigen/layout.h"
#include "tools/apigen/lock.h"
#include "tools/apigen/merge.h"
#include "tools/apigen/openapi.h"
#include "tools/apigen/printer.h"
#include "tools/apigen/proto_pool.h"
#include "tools/apigen/report.h"

namespace gateway::apigen {

namespace {

absl::Status CheckThatItCompiles(const std::map<std::string, std::string>& texts,
                                 const Options& options) {
  ProtoPool pool(options.proto_dir, options.import_paths, texts);
  for (const auto& [path, text] : texts) {
    if (pool.Find(path) == nullptr) {
      return absl::InternalError(absl::StrCat("would write what does not compile: ", pool.error()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Outcome> Generate(absl::string_view openapi, const Options& options) {
  absl::StatusOr<Api> api = ParseOpenApi(openapi);
  if (!api.ok()) return api.status();
  absl::StatusOr<Contract> derived = MakeContract(*api);
  if (!derived.ok()) return derived.status();
  absl::StatusOr<Lock> lock = ReadLock(options.proto_dir, options.package, options.import_paths);
  if (!lock.ok()) return lock.status();
  const Contract merged = Merge(lock->contract, *std::move(derived));
  absl::StatusOr<std::vector<File>> files = LayOut(merged, options.package, *lock);
  if (!files.ok()) return files.status();

  std::map<std::string, std::string> texts;
  for (const File& file : *files) texts[file.path] = Print(file);
  if (absl::Status status = CheckThatItCompiles(texts, options); !status.ok()) return status;

  Outcome outcome;
  for (const auto& [path, text] : texts) {
    const auto committed = ReadFile(std::filesystem::path(options.proto_dir) / path);
    if (!committed.ok() || *committed != text) outcome.files[path] = text;
  }
  for (const auto& [path, notes] : lock->files) {
    if (notes.ours && texts.count(path) == 0) outcome.files[path] = std::nullopt;
  }
  outcome.report = Describe(Compare(lock->contract, merged), merged);
  return outcome;
}

absl::Status Apply(const Outcome& outcome, const std::string& proto_dir) {
  for (const auto& [name, text] : outcome.files) {
    const std::filesystem::path path = std::filesystem::path(proto_dir) / name;
    if (text) {
      if (absl::Status status = WriteFile(path, *text); !status.ok()) return status;
      continue;
    }
    std::error_code error;
    std::filesystem::remove(path, error);
    if (error) return absl::UnknownError(absl::StrCat(path.string(), ": ", error.message()));
  }
  return absl::OkStatus();
}

}  // namespace gateway::apigen
