// Why libcurl made no connection: one table, and nothing else.
#ifndef UPSTREAM_HTTP_CURL_ERROR_H_
#define UPSTREAM_HTTP_CURL_ERROR_H_

#include <curl/curl.h>

#include "upstream/http/message.h"

namespace gateway::http {

// A code outside the table is kConnect. CURLE_OK has no kind; do not ask.
Error::Kind KindOf(CURLcode code);

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_CURL_ERROR_H_
