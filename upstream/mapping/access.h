// Whether an operation changes anything at the upstream.
#ifndef UPSTREAM_MAPPING_ACCESS_H_
#define UPSTREAM_MAPPING_ACCESS_H_

#include <cstdint>

namespace gateway::mapping {

enum class Access : uint8_t {
  kRead,  // changes nothing: a lost answer does no harm, a repeat is safe
  kWrite,
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ACCESS_H_
