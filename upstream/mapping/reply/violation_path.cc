#include "upstream/mapping/reply/violation_path.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace gateway::mapping {
namespace {

using Names = absl::InlinedVector<absl::string_view, 8>;

// "lines[0].quantity", "lines.0.quantity", "$.lines[0].quantity" and the pointers of RFC 6901,
// "/lines/0/quantity" and "#/lines/0/quantity" -> lines, 0, quantity.
Names Split(absl::string_view path) {
  Names names;
  if (!absl::ConsumePrefix(&path, "$")) absl::ConsumePrefix(&path, "#");
  const bool pointer = absl::StartsWith(path, "/");
  size_t begin = 0;
  for (size_t i = 0; i <= path.size(); ++i) {
    const bool part =
        i < path.size() &&
        (pointer ? path[i] != '/' : path[i] != '.' && path[i] != '[' && path[i] != ']');
    if (part) continue;
    if (i > begin) names.push_back(path.substr(begin, i - begin));
    begin = i + 1;
  }
  return names;
}

bool IsIndex(absl::string_view name) {
  return std::all_of(name.begin(), name.end(), absl::ascii_isdigit);
}

const FieldPlan* Find(const MessagePlan* plan, absl::string_view name) {
  if (plan == nullptr) return nullptr;
  const FieldPlan* const field = plan->ByWireName(name);
  return field != nullptr ? field : plan->ByName(name);
}

// Appends the names from `first` on to `text`, as fields of `plan`.
std::string Written(const MessagePlan* plan, const Names& names, size_t first, std::string text) {
  for (size_t i = first; i < names.size(); ++i) {
    if (IsIndex(names[i])) {
      absl::StrAppend(&text, "[", names[i], "]");
      continue;
    }
    const FieldPlan* const field = Find(plan, names[i]);
    absl::StrAppend(&text, text.empty() ? "" : ".",
                    field == nullptr ? names[i] : absl::string_view(field->name));
    plan = field == nullptr ? nullptr : field->message;
  }
  return text;
}

}  // namespace

std::string CallersPath(const Route& route, absl::string_view path) {
  const Names names = Split(path);
  // Some upstreams put the place of the field in front: "body", "query".
  const bool placed =
      names.size() > 1 && (names[0] == "body" || names[0] == "query" || names[0] == "path");
  const size_t first = placed ? 1 : 0;
  if (names.size() <= first) return std::string(path);
  const bool elsewhere = placed && names[0] != "body";
  if (route.body != nullptr && !elsewhere) {
    const bool element = route.body->cardinality != Cardinality::kSingular && IsIndex(names[first]);
    if (element || Find(route.body->message, names[first]) != nullptr) {
      return Written(route.body->message, names, first, route.body->name);
    }
  }
  const FieldPlan* const field = Find(route.request, names[first]);
  if (field == nullptr || field == route.body) return std::string(path);
  return Written(route.request, names, first, "");
}

}  // namespace gateway::mapping
