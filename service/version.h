// The release of this program, its commit, and how it was built.
#ifndef SERVICE_VERSION_H_
#define SERVICE_VERSION_H_

#include "absl/strings/string_view.h"

namespace gateway {

extern const absl::string_view kVersion;  // "0.2.0"
// "1f0c92ab34de"; ends with "-dirty" if files had changed since this commit; "unknown" if the build
// had no git.
extern const absl::string_view kCommit;
extern const absl::string_view
    kBuild;  // "RelWithDebInfo, 12.2.0": the build type, the compiler's version

}  // namespace gateway

#endif  // SERVICE_VERSION_H_
