// Finds fields by path, as the options of Once name them: "body.payment_id".
//
// Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_ONCE_FIELD_PATH_H_
#define UPSTREAM_MAPPING_ONCE_FIELD_PATH_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::mapping {

// The fields from the outer message inwards. The last one is the field that is meant.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// INVALID_ARGUMENT if `path` does not lead to a value in messages of this type: every field but the
// last must be a single message; the last must be a single number, text, boolean or enum.
absl::StatusOr<FieldPath> ResolveValue(const google::protobuf::Descriptor& type,
                                       absl::string_view path);

// As ResolveValue, for a path to messages: every field must be a message, and may be repeated.
absl::StatusOr<FieldPath> ResolveMessages(const google::protobuf::Descriptor& type,
                                          absl::string_view path);

// Returns the value at the end of a path of ResolveValue. For an enum, that is the name of its
// value, or "UNKNOWN_ENUM_VALUE_<type>_<number>" for a number without a name. Returns nullopt if
// the field is not set.
std::optional<std::string> TextAt(const google::protobuf::Message& message, const FieldPath& path);

// Returns all messages at the end of a path of ResolveMessages, in the order of the message; for an
// empty path, the message itself. They live as long as `message`.
std::vector<const google::protobuf::Message*> MessagesAt(const google::protobuf::Message& message,
                                                         const FieldPath& path);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ONCE_FIELD_PATH_H_
