// Which HTTP/2 requests the peer says it did not process: their stream was refused (RST_STREAM with
// REFUSED_STREAM), or lies beyond the last one that a GOAWAY names (RFC 9113, 5.4.1, 6.8, 8.7).
//
// libcurl knows, and does not tell: its user sees the same error as for a lost connection, or a
// repeat. So this listens to nghttp2, which libcurl runs HTTP/2 with: the function by which libcurl
// registers its callback for closed streams is defined here too, which makes the dynamic linker
// bind libcurl to it, and passes everything on. Where that does not happen (a libcurl that has
// nghttp2 built in), no refusal is ever seen, and a refused write counts as one whose outcome is
// unknown. See docs/adr/0006-refused-streams.md.
//
// Thread-safety: each thread has its own refusals; a transfer's are seen by the thread that runs
// it.
#ifndef UPSTREAM_HTTP_REFUSED_STREAMS_H_
#define UPSTREAM_HTTP_REFUSED_STREAMS_H_

#include <curl/curl.h>

namespace gateway::http {

// Whether a stream of this handle was refused since the last time that this was asked.
bool TakeRefusal(CURL* easy);

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_REFUSED_STREAMS_H_
