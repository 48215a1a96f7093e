// Fields by the path that leads to them, as the options of Once name them: "body.payment_id".
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

// From the message inwards; the last one is the field that is meant.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// INVALID_ARGUMENT says why `path` leads nowhere in messages of this type. Every field but the last
// has to be a single message; the last has to be a single number, text, boolean or enum.
absl::StatusOr<FieldPath> ResolveValue(const google::protobuf::Descriptor& type,
                                       absl::string_view path);

// As above, for a path to messages: every field has to be a message, and may be repeated.
absl::StatusOr<FieldPath> ResolveMessages(const google::protobuf::Descriptor& type,
                                          absl::string_view path);

// The value at the end of a path of ResolveValue: of an enum the name, or the number if it has
// none. Nothing if the field is not set.
std::optional<std::string> TextAt(const google::protobuf::Message& message, const FieldPath& path);

// All messages at the end of a path of ResolveMessages, in the order of the message. The message
// itself for an empty path. They live as long as `message`.
std::vector<const google::protobuf::Message*> MessagesAt(const google::protobuf::Message& message,
                                                         const FieldPath& path);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ONCE_FIELD_PATH_H_
