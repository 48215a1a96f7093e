// Maps the error code of a connection that libcurl could not make to a kind of transport error.
#ifndef UPSTREAM_HTTP_CURL_ERROR_H_
#define UPSTREAM_HTTP_CURL_ERROR_H_

#include <curl/curl.h>

#include "upstream/http/message.h"

namespace gateway::http {

// Returns kConnect for a code that is not in the table. `code` must not be CURLE_OK.
Error::Kind KindOf(CURLcode code);

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_CURL_ERROR_H_
