// Writes protobuf options in the text form that people use in proto files. Pure functions.
#ifndef TOOLS_APIGEN_PRINT_OPTIONS_TEXT_H_
#define TOOLS_APIGEN_PRINT_OPTIONS_TEXT_H_

#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace gateway::apigen {

// One `name = value`.
struct OptionText {
  // "deprecated", "(gateway.v1.field).required", "(gateway.v1.field)".
  std::string name;
  // On one line: "true", "{required: true format: FLAKE_ID}".
  std::string value;
  // The members of a value in braces, one by one; empty for a plain value. A member that holds
  // further messages takes several indented lines.
  std::vector<std::string> members;
};

// Returns the options that are set in an options message. If the value of an option is a message
// with a single plain member, the option is written with a dot, unless the member belongs to a
// oneof. Extensions come first, because they say most. A member that is a message with a oneof gets
// an entry of its own, after all others.
std::vector<OptionText> OptionTexts(const google::protobuf::Message& options);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_PRINT_OPTIONS_TEXT_H_
