#include "service/port/session_resumption.h"

#include <dlfcn.h>
#include <openssl/ssl.h>

namespace gateway {

void ForbidSessionResumption() {}

}  // namespace gateway

extern "C" __attribute__((visibility("default"))) int SSL_CTX_set_session_id_context(
    SSL_CTX* context, const unsigned char* id, unsigned int size) {
  using Function = int (*)(SSL_CTX*, const unsigned char*, unsigned int);
  static const auto next =
      reinterpret_cast<Function>(dlsym(RTLD_NEXT, "SSL_CTX_set_session_id_context"));
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);  // up to TLS 1.2
  SSL_CTX_set_num_tickets(context, 0);             // TLS 1.3
  return next == nullptr ? 0 : next(context, id, size);
}
