#include "upstream/sandbox/faults/faults.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace gateway::sandbox {
namespace {

constexpr size_t kMaxFaults = 100;
constexpr int64_t kMaxPauseMs = 10 * 60 * 1000;
constexpr absl::Duration kDelay = absl::Seconds(5);
constexpr absl::Duration kBytePause = absl::Milliseconds(20);

// The spellings, in the order of Fault::Kind.
const std::vector<std::string>& Names() {
  static const auto& names = *new std::vector<std::string>{
      "commit-then-drop", "drop-before-commit", "delay",      "too-many-requests", "internal-error",
      "bad-gateway",      "cut-reply",          "slow-reply", "foreign-reply"};
  return names;
}

absl::StatusOr<Fault> OfKind(absl::string_view name) {
  const auto found = std::find(Names().begin(), Names().end(), name);
  if (found == Names().end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no fault ", name, ": take one of ", absl::StrJoin(Names(), ", ")));
  }
  Fault fault;
  fault.kind = static_cast<Fault::Kind>(found - Names().begin());
  if (fault.kind == Fault::Kind::kDelay) fault.pause = kDelay;
  if (fault.kind == Fault::Kind::kSlowReply) fault.pause = kBytePause;
  return fault;
}

}  // namespace

const std::vector<std::string>& FaultKinds() { return Names(); }

absl::StatusOr<Fault> ParseFault(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  absl::StatusOr<Fault> fault = OfKind(parts[0]);
  if (!fault.ok()) return fault;
  if (parts.size() > 1) fault->operation = parts[1];
  if (parts.size() > 3 || (parts.size() == 3 && !absl::SimpleAtoi(parts[2], &fault->times))) {
    return absl::InvalidArgumentError(absl::StrCat(text, ": write KIND[:OPERATION[:TIMES]]"));
  }
  return fault;
}

absl::StatusOr<Fault> ReadFault(const Json& json) {
  if (!json.is_object()) return absl::InvalidArgumentError("a fault is an object");
  try {
    absl::StatusOr<Fault> fault = OfKind(json.value("kind", ""));
    if (!fault.ok()) return fault;
    fault->operation = json.value("operation", "");
    fault->times = json.value("times", fault->times);
    fault->retry_after_s = json.value("retry_after_s", fault->retry_after_s);
    fault->commit = json.value("commit", fault->commit);
    const int64_t pause = json.value("pause_ms", absl::ToInt64Milliseconds(fault->pause));
    fault->pause = absl::Milliseconds(std::clamp<int64_t>(pause, 0, kMaxPauseMs));
    return fault;
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

Json ToJson(const Fault& fault) {
  return {{"id", fault.id},
          {"kind", Names()[static_cast<size_t>(fault.kind)]},
          {"operation", fault.operation},
          {"times", fault.times},
          {"pause_ms", absl::ToInt64Milliseconds(fault.pause)},
          {"retry_after_s", fault.retry_after_s},
          {"commit", fault.commit},
          {"fired", fault.fired}};
}

int64_t Faults::Add(Fault fault) {
  const MutexLock lock(mu_);
  fault.id = ++last_id_;
  fault.fired = 0;
  if (faults_.size() == kMaxFaults) faults_.erase(faults_.begin());
  faults_.push_back(std::move(fault));
  return last_id_;
}

bool Faults::Remove(int64_t id) {
  const MutexLock lock(mu_);
  return std::erase_if(faults_, [id](const Fault& fault) { return fault.id == id; }) > 0;
}

void Faults::Clear() {
  const MutexLock lock(mu_);
  faults_.clear();
}

std::vector<Fault> Faults::List() const {
  const MutexLock lock(mu_);
  return faults_;
}

std::optional<Fault> Faults::Take(absl::string_view rpc, absl::string_view operation_id) {
  const MutexLock lock(mu_);
  for (Fault& fault : faults_) {
    const bool meant =
        fault.operation.empty() || fault.operation == rpc || fault.operation == operation_id;
    if (!meant || (fault.times >= 0 && fault.fired >= fault.times)) continue;
    ++fault.fired;
    return fault;
  }
  return std::nullopt;
}

}  // namespace gateway::sandbox
