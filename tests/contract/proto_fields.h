// What a field of a proto states, in the words of facts.h, from its descriptor and its options.
//
// Thread-safety: pure functions. Errors: none; what has no counterpart in a contract is said as it
// is, and so becomes a difference.
#ifndef TESTS_CONTRACT_PROTO_FIELDS_H_
#define TESTS_CONTRACT_PROTO_FIELDS_H_

#include <google/protobuf/descriptor.h>

#include <string>

#include "gateway/v1/annotations.pb.h"
#include "tests/contract/facts.h"

namespace gateway::contract {

// The schemas of plain text that the upstream has names for, and the protos have formats for.
struct TextFormat {
  v1::Format format;
  const char* schema;
  const char* form;
};
inline constexpr TextFormat kTextFormats[] = {
    {v1::FLAKE_ID, "FlakeId", "string flake-id"},
    {v1::STEAM_ID, "SteamId", "string steam-id"},
    {v1::ISO8601_DURATION, "Period", "string period"},
};

// As the contract calls it: the name below the package.
std::string SchemaName(const google::protobuf::Descriptor& type);
std::string SchemaName(const google::protobuf::EnumDescriptor& type);

std::string WireName(const google::protobuf::FieldDescriptor& field);

// Takes the members that the contract does not name.
bool IsRest(const google::protobuf::FieldDescriptor& field);

// "array of OrderStatus", "integer int32", "FlakeId"
std::string TypeText(const google::protobuf::FieldDescriptor& field);

// "<place>.type", and whatever else is set: "<place>.required", "<place>.local" and so on.
void SayField(const google::protobuf::FieldDescriptor& field, const std::string& place, Unit& unit);

// The same of a field that has a name on the wire, which `place` ends in.
void SayNamedField(const google::protobuf::FieldDescriptor& field, const std::string& place,
                   Unit& unit);

// The same of a field that the wire does not name: a body, a reply, a variable of a path.
void SayUnnamedField(const google::protobuf::FieldDescriptor& field, const std::string& place,
                     Unit& unit);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_PROTO_FIELDS_H_
