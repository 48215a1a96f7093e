// application/x-www-form-urlencoded, out of the JSON that request_writer.h has checked and written:
// one pair for each value, nested ones named as KeyStyle says. Queries with objects in them are
// written the same way.
//
//   {"amount": 5, "metadata": {"a": "b"}}  ->  amount=5&metadata%5Ba%5D=b
//
// Empty objects and lists leave no pair. Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_FORM_H_
#define UPSTREAM_MAPPING_FORM_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/v1/annotations.pb.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {

// Appends the pairs, the first one without `&` before it. `json` is a valid JSON value; `name` is
// its key, empty for an object whose members are the keys. What cannot be written goes to
// `violations`, with its path from `at`.
void AppendForm(const v1::KeyStyle& style, absl::string_view name, const std::string& json,
                const Path& at, Violations& violations, std::string& out);

// Whether every value of the message has a place in a form of this style. Returns what has none,
// or "".
std::string CheckForm(const v1::KeyStyle& style, const MessagePlan& plan);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_FORM_H_
