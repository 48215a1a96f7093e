// Converts JSON that request/request_writer.h has checked and written to
// application/x-www-form-urlencoded: one pair for each value. KeyStyle says how nested values are
// named. Objects in queries are written in this form, too.
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
// its key, empty for an object whose members are the keys. Values that a form cannot hold are added
// to `violations`, with their path from `at`.
void AppendForm(const v1::KeyStyle& style, absl::string_view name, const std::string& json,
                const Path& at, Violations& violations, std::string& out);

// Checks that a form of this style can hold every value of the message. Returns an error that names
// a field that it cannot hold, or "".
std::string CheckForm(const v1::KeyStyle& style, const MessagePlan& plan);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_FORM_H_
