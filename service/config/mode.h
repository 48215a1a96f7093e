// What the process is.
//
// Thread-safety: a pure function.
#ifndef SERVICE_CONFIG_MODE_H_
#define SERVICE_CONFIG_MODE_H_

namespace gateway {

struct Config;

enum class Mode {
  kGateway,   // all of it
  kWebhooks,  // a receiver of webhooks, and its log, alone: no upstream, no gRPC port
};

// Takes out what a receiver of webhooks alone has no use for: so it need not have the files of keys
// that the configuration names.
void LeaveOutAllButWebhooks(Config& config);

}  // namespace gateway

#endif  // SERVICE_CONFIG_MODE_H_
