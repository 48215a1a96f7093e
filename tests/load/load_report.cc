#include "tests/load/load_report.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace gateway::load {
namespace {

constexpr size_t kMostContradictions = 10;

const char* Name(Told told) {
  switch (told) {
    case Told::kOk:
      return "";
    case Told::kNotSent:
      return " not_sent";
    case Told::kRefused:
      return " refused";
    case Told::kUnknown:
      return " unknown";
    case Told::kNone:
      break;
  }
  return " without details";
}

const char* Name(grpc::StatusCode code) {
  static constexpr const char* kNames[] = {"OK",
                                           "CANCELLED",
                                           "UNKNOWN",
                                           "INVALID_ARGUMENT",
                                           "DEADLINE_EXCEEDED",
                                           "NOT_FOUND",
                                           "ALREADY_EXISTS",
                                           "PERMISSION_DENIED",
                                           "RESOURCE_EXHAUSTED",
                                           "FAILED_PRECONDITION",
                                           "ABORTED",
                                           "OUT_OF_RANGE",
                                           "UNIMPLEMENTED",
                                           "INTERNAL",
                                           "UNAVAILABLE",
                                           "DATA_LOSS",
                                           "UNAUTHENTICATED"};
  return code >= 0 && code < static_cast<int>(std::size(kNames)) ? kNames[code] : "?";
}

// Returns "" if what the caller was told agrees with the executions, or else a description.
std::string Contradiction(const CallRecord& call, int executions) {
  const bool agrees = executions <= 1 && (call.told != Told::kOk || executions == 1) &&
                      (call.told != Told::kNotSent || executions == 0);
  if (agrees) return "";
  return absl::StrCat("write ", call.marker, ": ", Name(call.code), Name(call.told), ", executed ",
                      executions, " times");
}

}  // namespace

Told ToldBy(const grpc::Status& status) {
  if (status.ok()) return Told::kOk;
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return Told::kNone;
  for (const auto& detail : details.details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info)) continue;
    const std::string outcome = (*info.mutable_metadata())["outcome"];
    if (outcome == "not_sent") return Told::kNotSent;
    if (outcome == "refused") return Told::kRefused;
    if (outcome == "unknown") return Told::kUnknown;
  }
  return Told::kNone;
}

int64_t LoadReport::Count(bool (CallRecord::*matches)() const) const {
  return std::count_if(calls.begin(), calls.end(),
                       [=](const CallRecord& call) { return (call.*matches)(); });
}

double LoadReport::Percentile(double share, bool (CallRecord::*matches)() const) const {
  std::vector<float> latencies;
  for (const CallRecord& call : calls) {
    if ((call.*matches)()) latencies.push_back(call.milliseconds);
  }
  if (latencies.empty()) return 0;
  const auto last = static_cast<double>(latencies.size() - 1);
  const auto at = latencies.begin() + std::lround(last * share);
  std::nth_element(latencies.begin(), at, latencies.end());
  return *at;
}

double LoadReport::Rate(bool (CallRecord::*matches)() const) const {
  return static_cast<double>(Count(matches)) / absl::ToDoubleSeconds(lasted);
}

float LoadReport::MostOverdue() const {
  float most = -std::numeric_limits<float>::infinity();
  for (const CallRecord& call : calls) most = std::max(most, call.overdue_milliseconds);
  return most;
}

LoadReport LoadReport::After(absl::Duration settling) const {
  LoadReport later{{}, first_foreign_error, began + settling, lasted - settling};
  std::copy_if(calls.begin(), calls.end(), std::back_inserter(later.calls),
               [&](const CallRecord& call) {
                 return call.ended >= later.began && call.ended < began + lasted;
               });
  return later;
}

std::string LoadReport::Summary() const {
  std::map<std::string, int64_t> counts;
  for (const CallRecord& call : calls) ++counts[absl::StrCat(Name(call.code), Name(call.told))];
  const std::string summary = absl::StrJoin(counts, ", ", absl::PairFormatter(" "));
  return first_foreign_error.empty() ? summary
                                     : absl::StrCat(summary, " (", first_foreign_error, ")");
}

std::vector<std::string> Contradictions(const LoadReport& report,
                                        const CapacityUpstream::Counters& upstream) {
  std::vector<std::string> found;
  for (const CallRecord& call : report.calls) {
    if (!call.write) continue;
    const auto executed = upstream.writes.find(call.marker);
    const int executions = executed == upstream.writes.end() ? 0 : executed->second;
    std::string contradiction = Contradiction(call, executions);
    if (!contradiction.empty()) found.push_back(std::move(contradiction));
    if (found.size() == kMostContradictions) break;
  }
  return found;
}

}  // namespace gateway::load
