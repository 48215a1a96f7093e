// Finds credentials in messages, and takes them out. A credential is a value that lets its holder
// act (see `credential` in gateway/v1/annotations.proto).
//
// Thread-safety: may be called from any thread.
#ifndef UPSTREAM_MAPPING_CREDENTIAL_H_
#define UPSTREAM_MAPPING_CREDENTIAL_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

namespace gateway::mapping {

// Looks at the message's fields and at those of all messages that it can hold.
bool HasCredential(const google::protobuf::Descriptor& type);

// Clears the credentials of the message and of all messages in it, also in lists and maps.
void ClearCredentials(google::protobuf::Message& message);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_CREDENTIAL_H_
