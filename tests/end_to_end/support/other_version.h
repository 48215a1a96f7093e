// Versions of PayNow's contract that the protos do not mirror: the protos of an old client, and the
// contract of an old upstream.
//
// Thread-safety: pure functions. Lifetime: descriptors live for ever. Errors: test data that cannot
// be read ends the program.
#ifndef TESTS_END_TO_END_SUPPORT_OTHER_VERSION_H_
#define TESTS_END_TO_END_SUPPORT_OTHER_VERSION_H_

#include <string>

#include "tests/end_to_end/support/proto_json.h"
#include "upstream/mapping/descriptors.h"

namespace gateway::end_to_end {

// Returns the content of a gzip-compressed file in testdata/.
std::string Unpacked(const std::string& name);

// Returns the protos of a serialized google.protobuf.FileDescriptorSet, in a pool of their own.
mapping::Files ProtosOf(const std::string& descriptor_set);

// Returns `value` without the members for which `type`, or the field, has no place.
Json Known(const Descriptor& type, const Json& value);
Json Known(const FieldDescriptor& field, const Json& value);

// Replaces each text that the field's enum lacks by a text that the enum has.
void UseKnownTexts(const Descriptor& type, Json& value);
void UseKnownTexts(const FieldDescriptor& field, Json& value);

// Adds an empty list for each list that `type` requires and `value` lacks: the gateway sends the
// empty list for callers that do not know the field.
void AddRequiredLists(const Descriptor& type, Json& value);
void AddRequiredLists(const FieldDescriptor& field, Json& value);

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_OTHER_VERSION_H_
