// The release that this is, and what it was built from.
#ifndef SERVICE_VERSION_H_
#define SERVICE_VERSION_H_

#include "absl/strings/string_view.h"

namespace gateway {

extern const absl::string_view kVersion;  // "0.2.0"
// "1f0c92ab34de"; with "-dirty" at its end if files had changed since; "unknown" if there was no
// git.
extern const absl::string_view kCommit;
extern const absl::string_view
    kBuild;  // "RelWithDebInfo, 12.2.0": the kind, the compiler's version

}  // namespace gateway

#endif  // SERVICE_VERSION_H_
