// The section `profile` of an upstream's configuration, which corrects the provider's profile. See
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
