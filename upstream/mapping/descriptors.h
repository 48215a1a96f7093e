// The descriptors that everything is compiled from: the set that the build embeds, in protobuf's
// own pool of generated files. They are put there, rather than in a pool of our own, because gRPC's
// server reflection reads that one.
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

// Adds the files of a serialized google.protobuf.FileDescriptorSet that are not there yet, and
// returns all files of the set. INVALID_ARGUMENT if the bytes are not a set, or if a file imports
// something that is missing.
absl::StatusOr<Files> AddDescriptorSet(absl::string_view serialized);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_DESCRIPTORS_H_
