#include "service/config/mode.h"

#include "service/config/config.h"

namespace gateway {

void LeaveOutAllButWebhooks(Config& config) {
  config.listen.clear();
  config.upstreams.clear();
  config.server.tls = TlsConfig();
  config.server.health_listen.clear();
  config.authorization = authorization::Config();
  config.audit_file.clear();
  config.ledger = LedgerConfig();
  config.events.forward.clear();
  config.events.sweep.clear();
}

}  // namespace gateway
