// The facts that a proto field states, in the words of facts.h, from its descriptor and options.
//
// Thread-safety: pure functions. Errors: none; anything without a counterpart in a contract is
// reported as a fact and so becomes a difference.
#ifndef TESTS_CONTRACT_PROTO_FIELDS_H_
#define TESTS_CONTRACT_PROTO_FIELDS_H_

#include <google/protobuf/descriptor.h>

#include <string>

#include "gateway/v1/annotations.pb.h"
#include "tests/contract/facts.h"

namespace gateway::contract {

// Text schemas that have a name in the upstream's contract and a format in the protos.
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

// Returns the type's name in the contract: the name in its options, or else its name in the
// package.
std::string SchemaName(const google::protobuf::Descriptor& type);
std::string SchemaName(const google::protobuf::EnumDescriptor& type);

std::string WireName(const google::protobuf::FieldDescriptor& field);

// Whether the field collects the members that the contract does not name.
bool IsRest(const google::protobuf::FieldDescriptor& field);

// Returns a text such as "array of OrderStatus", "integer int32" or "FlakeId".
std::string TypeText(const google::protobuf::FieldDescriptor& field);

// Adds "<place>.type" and every other fact that is set: "<place>.required", "<place>.local" and so
// on.
void SayField(const google::protobuf::FieldDescriptor& field, const std::string& place, Unit& unit);

// SayField for a field that has a wire name; `place` ends in that name.
void SayNamedField(const google::protobuf::FieldDescriptor& field, const std::string& place,
                   Unit& unit);

// SayField for a field without a wire name: a body, a reply, a path variable.
void SayUnnamedField(const google::protobuf::FieldDescriptor& field, const std::string& place,
                     Unit& unit);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_PROTO_FIELDS_H_
