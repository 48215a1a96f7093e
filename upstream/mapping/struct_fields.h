// Field numbers of google/protobuf/struct.proto, whose messages hold JSON of any form.
#ifndef UPSTREAM_MAPPING_STRUCT_FIELDS_H_
#define UPSTREAM_MAPPING_STRUCT_FIELDS_H_

#include <cstdint>

namespace gateway::mapping {

inline constexpr uint32_t kStructFields = 1;
inline constexpr uint32_t kListValues = 1;
enum ValueField : uint32_t { kNull = 1, kNumber = 2, kText = 3, kBool = 4, kObject = 5, kList = 6 };

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_STRUCT_FIELDS_H_
