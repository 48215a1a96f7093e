#include "tools/apigen/apigen.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/apigen/committed/decisions.h"
#include "tools/apigen/committed/files.h"
#include "tools/apigen/committed/lock.h"
#include "tools/apigen/committed/proto_pool.h"
#include "tools/apigen/committed/record.h"
#include "tools/apigen/mapping/contract.h"
#include "tools/apigen/mapping/inline_objects.h"
#include "tools/apigen/mapping/operation_names.h"
#include "tools/apigen/merge/merge.h"
#include "tools/apigen/merge/streams.h"
#include "tools/apigen/merge/type_names.h"
#include "tools/apigen/openapi/openapi.h"
#include "tools/apigen/print/layout.h"
#include "tools/apigen/print/printer.h"
#include "tools/apigen/report/review.h"

namespace gateway::apigen {

namespace {

namespace fs = std::filesystem;

// All protos below the directory, by path from there.
std::vector<std::string> ProtosBelow(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".proto") continue;
    paths.push_back(fs::relative(entry->path(), directory).generic_string());
  }
  return paths;
}

// Compiles all protos below proto_dir as they would be after Apply(), also those of other packages,
// because they may use the types of this package.
absl::Status CheckThatItCompiles(const Outcome& outcome, const Options& options) {
  std::map<std::string, std::string> texts;
  std::vector<std::string> paths = ProtosBelow(options.proto_dir);
  for (const auto& [path, text] : outcome.files) {
    if (!text) continue;
    texts[path] = *text;
    if (fs::path(path).extension() == ".proto") paths.push_back(path);
  }
  ProtoPool pool(options.proto_dir, options.import_paths, std::move(texts));
  for (const std::string& path : paths) {
    const auto change = outcome.files.find(path);
    const bool goes = change != outcome.files.end() && !change->second;
    if (goes) pool.Hide(path);
  }
  for (const std::string& path : paths) {
    const auto change = outcome.files.find(path);
    if (change != outcome.files.end() && !change->second) continue;
    if (pool.Find(path) == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("would write what does not compile: ", path, ": ", pool.error()));
    }
  }
  return absl::OkStatus();
}

void CountTypes(const Contract& contract, Report& report) {
  report.services = contract.services.size();
  for (const Service& service : contract.services) report.rpcs += service.methods.size();
  report.messages = contract.messages.size();
  report.enums = contract.enums.size();
}

void AddChangedFiles(const std::map<std::string, std::string>& texts, const Lock& lock,
                     const std::string& proto_dir, Outcome& outcome) {
  for (const auto& [path, text] : texts) {
    const auto committed = ReadFile(fs::path(proto_dir) / path);
    if (!committed.ok() || *committed != text) outcome.files[path] = text;
  }
  for (const auto& [path, notes] : lock.files) {
    if (notes.ours && texts.count(path) == 0) outcome.files[path] = std::nullopt;
  }
}

std::map<std::string, std::string> PathsOf(const Lock& lock) {
  std::map<std::string, std::string> paths;
  for (const auto& [type, place] : lock.places) paths[type] = place.path;
  return paths;
}

std::map<std::string, std::string> PathsOf(const std::vector<File>& files) {
  std::map<std::string, std::string> paths;
  for (const File& file : files) {
    for (const Message& message : file.messages) paths[message.name] = file.path;
    for (const Enum& value : file.enums) paths[value.name] = file.path;
  }
  return paths;
}

absl::StatusOr<Record> ReadRecord(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return Record();
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  return ParseRecord(*text);
}

// The state of a run: what is committed, and what the run has found out so far.
struct Run {
  Notes notes;
  Decisions decisions;
  Lock lock;
  Record then;
  Record now;
  TypeNames names;
};

absl::StatusOr<Contract> MakeMerged(absl::string_view openapi, const Options& options, Run& run) {
  absl::StatusOr<Api> api = ParseOpenApi(openapi, run.notes);
  if (!api.ok()) return api.status();
  MarkAdditions(run.then, run.lock.contract);
  NameOperations(run.lock, options.package, *api, run.notes);
  NameInlineObjects(*api);
  const Contract derived = MakeContract(*api, run.lock.local_names, run.notes);
  run.now = MakeRecord(*api, derived, options.version);
  run.names = FindTypeNames(run.lock.contract, derived, run.decisions);
  MergeInput input{run.lock.contract,
                   ApplyTypeNames(run.lock.contract, derived, run.names),
                   run.names,
                   run.decisions.documented,
                   {}};
  for (const Operation& operation : api->skipped) {
    input.unreadable_routes.insert(RouteOf(operation));
  }
  return Merge(std::move(input));
}

}  // namespace

absl::StatusOr<Outcome> Generate(absl::string_view openapi, const Options& options) {
  Run run;
  absl::StatusOr<Decisions> decisions = ReadDecisions(options.decisions);
  if (!decisions.ok()) return decisions.status();
  run.decisions = *std::move(decisions);
  absl::StatusOr<Lock> lock = ReadLock(options.proto_dir, options.package, options.import_paths);
  if (!lock.ok()) return lock.status();
  run.lock = *std::move(lock);
  const Streams streams = TakeStreams(run.lock.contract);
  const Contract committed = run.lock.contract;
  const std::string record_path = absl::StrCat(PackagePath(options.package), "/", kRecordName);
  absl::StatusOr<Record> then = ReadRecord(fs::path(options.proto_dir) / record_path);
  if (!then.ok()) return then.status();
  run.then = *std::move(then);
  const absl::StatusOr<Contract> merged = MakeMerged(openapi, options, run);
  if (!merged.ok()) return merged.status();
  Contract with_streams = *merged;
  AddStreams(streams, with_streams);
  absl::StatusOr<std::vector<File>> files = LayOut(with_streams, options.package, run.lock);
  if (!files.ok()) return files.status();

  std::map<std::string, std::string> texts;
  for (const File& file : *files) texts[file.path] = Print(file);
  // If only the name of the version is new, the record keeps the old name, so that its file does
  // not change.
  if (SameContent(run.then, run.now)) run.now.version = run.then.version;
  texts[record_path] = Print(run.now);
  Outcome outcome;
  AddChangedFiles(texts, run.lock, options.proto_dir, outcome);
  if (absl::Status status = CheckThatItCompiles(outcome, options); !status.ok()) return status;

  Report& report = outcome.report;
  report.package = options.package;
  report.version_before = run.then.version;
  report.version = options.version;
  report.changes = Compare(committed, *merged);
  AddMoves(PathsOf(run.lock), PathsOf(*files), report.changes);
  report.questions = run.names.questions;
  report.notes = run.notes.all();
  report.review = Examine(committed, *merged, report.changes, run.then, run.now);
  CountTypes(*merged, report);
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
