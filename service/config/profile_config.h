// The part of an upstream's configuration that sets the provider's profile right: see
// upstream/mapping/profile.h.
#ifndef SERVICE_CONFIG_PROFILE_CONFIG_H_
#define SERVICE_CONFIG_PROFILE_CONFIG_H_

#include "service/config/config_reader.h"
#include "upstream/mapping/profile.h"

namespace gateway {

// Reads the section `profile` of an upstream. Errors go to the reader.
mapping::ProfileOverrides ReadProfile(ConfigReader::Section& upstream);

}  // namespace gateway

#endif  // SERVICE_CONFIG_PROFILE_CONFIG_H_
