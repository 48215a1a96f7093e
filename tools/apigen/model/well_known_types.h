// The types of google.protobuf that a contract may use, by their full names.
#ifndef TOOLS_APIGEN_MODEL_WELL_KNOWN_TYPES_H_
#define TOOLS_APIGEN_MODEL_WELL_KNOWN_TYPES_H_

namespace gateway::apigen {

inline constexpr char kEmptyType[] = "google.protobuf.Empty";
inline constexpr char kFieldMaskType[] = "google.protobuf.FieldMask";
inline constexpr char kListType[] = "google.protobuf.ListValue";
inline constexpr char kStructType[] = "google.protobuf.Struct";
inline constexpr char kTimestampType[] = "google.protobuf.Timestamp";
inline constexpr char kValueType[] = "google.protobuf.Value";

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MODEL_WELL_KNOWN_TYPES_H_
