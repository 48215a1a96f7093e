// Adds the place to an error: each level that an error passes puts its own part in front of the
// message.
//
//   return Prefixed("upstreams.paynow.", status);  // upstreams.paynow.base_url: ...
#ifndef SERVICE_CONFIG_PREFIXED_H_
#define SERVICE_CONFIG_PREFIXED_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace gateway {

inline absl::Status Prefixed(absl::string_view prefix, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(prefix, status.message()));
}

}  // namespace gateway

#endif  // SERVICE_CONFIG_PREFIXED_H_
