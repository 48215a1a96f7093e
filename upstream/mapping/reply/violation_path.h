// Translates the upstream's path of a violation into the gateway's form, which uses the caller's
// names and begins at the request message. "lines.0.quantity" and ["body", "lines", 0, "quantity"]
// (written "body.lines.0.quantity") both become `body.lines[0].quantity`, and so do JSON pointers.
//
// Thread-safety: a pure function.
#ifndef UPSTREAM_MAPPING_REPLY_VIOLATION_PATH_H_
#define UPSTREAM_MAPPING_REPLY_VIOLATION_PATH_H_

#include <string>

#include "absl/strings/string_view.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {

// A path that names no field of the request is returned as it is.
std::string CallersPath(const Route& route, absl::string_view path);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REPLY_VIOLATION_PATH_H_
