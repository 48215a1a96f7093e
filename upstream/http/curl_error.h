// What libcurl's result codes mean to this transport: one table, and nothing else.
//
// Whether the request was sent is not decided here: the same code can come before and after the
// request left.
#ifndef UPSTREAM_HTTP_CURL_ERROR_H_
#define UPSTREAM_HTTP_CURL_ERROR_H_

#include <curl/curl.h>

#include "upstream/http/message.h"

namespace gateway::http {

// A code outside the table is kBroken: it promises nothing about the request. CURLE_OK has no kind;
// do not ask.
Error::Kind KindOf(CURLcode code);

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_CURL_ERROR_H_
