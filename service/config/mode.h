// The kinds of process: the whole gateway, or only a receiver of webhooks.
//
// Thread-safety: a pure function.
#ifndef SERVICE_CONFIG_MODE_H_
#define SERVICE_CONFIG_MODE_H_

namespace gateway {

struct Config;

enum class Mode {
  kGateway,   // the whole gateway
  kWebhooks,  // only a receiver of webhooks and its log: no upstream, no gRPC port
};

// Removes the settings that a mere receiver of webhooks does not use. So it does not need the key
// files that they name.
void LeaveOutAllButWebhooks(Config& config);

}  // namespace gateway

#endif  // SERVICE_CONFIG_MODE_H_
