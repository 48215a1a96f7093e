// The release that this is.
#ifndef SERVICE_VERSION_H_
#define SERVICE_VERSION_H_

#include "absl/strings/string_view.h"

namespace gateway {

extern const absl::string_view kVersion;  // "0.1.0"

}  // namespace gateway

#endif  // SERVICE_VERSION_H_
