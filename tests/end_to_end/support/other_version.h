// Another version of PayNow's contract than the one that the protos mirror: the protos of a client
// that was built long ago, and the contract of an upstream that is long out of date.
//
// Thread-safety: pure functions. Lifetime: descriptors live for ever. Errors: test data that cannot
// be read ends the program.
#ifndef TESTS_END_TO_END_SUPPORT_OTHER_VERSION_H_
#define TESTS_END_TO_END_SUPPORT_OTHER_VERSION_H_

#include <string>

#include "tests/end_to_end/support/proto_json.h"
#include "upstream/mapping/descriptors.h"

namespace gateway::end_to_end {

// A file of testdata/ that gzip has packed.
std::string Unpacked(const std::string& name);

// The protos of a serialized google.protobuf.FileDescriptorSet, in a pool of their own.
mapping::Files ProtosOf(const std::string& descriptor_set);

// Returns `value` without the members for which `type`, or the field, has no place.
Json Known(const Descriptor& type, const Json& value);
Json Known(const FieldDescriptor& field, const Json& value);

// Replaces each text that the field's enum does not have by one that it has.
void UseKnownTexts(const Descriptor& type, Json& value);
void UseKnownTexts(const FieldDescriptor& field, Json& value);

// Adds an empty list for each list that `type` requires and `value` lacks: it is sent for callers
// that do not know it.
void AddRequiredLists(const Descriptor& type, Json& value);
void AddRequiredLists(const FieldDescriptor& field, Json& value);

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_OTHER_VERSION_H_
