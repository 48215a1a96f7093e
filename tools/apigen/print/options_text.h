// Writes protobuf options the way people do. Pure functions.
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
  // The members of a value in braces, one by one; empty for a plain value. A member that does not
  // go on one line has several, indented.
  std::vector<std::string> members;
};

// What is set in an options message. A message-valued option with a single plain member is written
// with a dot, unless the member is one of a oneof. Extensions come first, because they say most;
// members of theirs that are choices (oneofs) come last.
std::vector<OptionText> OptionTexts(const google::protobuf::Message& options);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_PRINT_OPTIONS_TEXT_H_
