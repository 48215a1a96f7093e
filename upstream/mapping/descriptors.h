// The descriptors that routes are compiled from: the build embeds them as a set, which is added to
// protobuf's generated pool. The generated pool is used, and not a pool of our own, because it has
// gRPC's services, too. The comments of the files are not added: they would cost time at the start
// and memory for ever, and only reflection reads them.
#ifndef UPSTREAM_MAPPING_DESCRIPTORS_H_
#define UPSTREAM_MAPPING_DESCRIPTORS_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::mapping {

using Files = std::vector<const google::protobuf::FileDescriptor*>;

// All files of the embedded set, in an order where imports come first.
//
// Thread-safety: may be called from any thread, any number of times; the files are added once and
// live for ever.
const Files& EmbeddedFiles();

// Returns a file of the embedded set as it was compiled: a serialized
// google.protobuf.FileDescriptorProto with its comments. Returns "" if the set has no such file.
// May be called from any thread.
absl::string_view EmbeddedBytes(absl::string_view name);

// Adds the files of a serialized google.protobuf.FileDescriptorSet that are not there yet, and
// returns all files of the set. INVALID_ARGUMENT if the bytes are not a set, or if a file imports
// something that is missing.
absl::StatusOr<Files> AddDescriptorSet(absl::string_view serialized);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_DESCRIPTORS_H_
