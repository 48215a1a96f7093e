#include "service/version.h"

namespace gateway {

const absl::string_view kVersion = GATEWAY_VERSION;

}  // namespace gateway
