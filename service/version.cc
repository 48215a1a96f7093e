#include "service/version.h"

// Defined in a source file that the build writes (cmake/Commit.cmake).
extern const char gateway_commit[];

namespace gateway {

const absl::string_view kVersion = GATEWAY_VERSION;
const absl::string_view kCommit = gateway_commit;
const absl::string_view kBuild = GATEWAY_BUILD_TYPE ", " __VERSION__;

}  // namespace gateway
