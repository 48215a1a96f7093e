// The main function of all programs whose tests are cases of the fault matrix.
#include "absl/strings/string_view.h"
#include "tests/report/report.h"

namespace {

constexpr absl::string_view kMatrix[] = {
    "",
    "connection refused",
    "SYN blackhole",
    "name does not resolve",
    "DNS hangs",
    "the name's address changes mid-run",
    "bad, expired or wrong-name certificate",
    "TLS handshake stalls",
    "close on a reused connection before the reply",
    "the same, write without a body",
    "reset in the middle of the request body",
    "reset in the middle of the reply",
    "body shorter than Content-Length",
    "headers never come",
    "one byte a second",
    "reply in 1-byte slices",
    "a response that nobody asked for",
    "a final answer while the request is being sent",
    "a kept connection goes silent",
    "a complete head, and a body that is lost",
    "429 with Retry-After: 1",
    "Retry-After of an hour, negative, a date, junk",
    "500",
    "502, 503, 504 with an HTML page",
    "storm of 503",
    "400 with errors[]",
    "401 after key rotation",
    "404, 409, 412",
    "redirect elsewhere",
    "200 with invalid JSON or a wrong type",
    "unknown member, unknown enum text",
    "null for a scalar",
    "50 MB reply, gzip bomb, 1,000 levels deep",
    "empty 200, unexpected 204",
    "duplicate, CRLF or oversized headers",
    "caller cancels mid-flight",
    "deadline already past",
    "5 ms deadline",
    "invalid, oversized or truncated request",
    "ten times the capacity",
    "slow stream reader",
    "SIGTERM under load",
    "SIGKILL during a write",
    "malformed config or secret on reload",
    "HTTP/2 rapid reset by a client",
    "out of descriptors, out of memory quota",
    "the wall clock steps an hour, both ways",
    "the breaker's probes hang",
    "a log into a pipe that nobody reads",
    "a key, CA, policy or certificate file that blocks",
    "silent connections on the metrics and health ports",
    "a watched directory that is always busy",
    "a refused reload whose key changed too, and a 401",
    "signals that mean nothing here, with a write in flight",
    "a health watch, or half a request, over the drain",
};

}  // namespace

int main(int argc, char** argv) {
  return gateway::report::Run({.word = "Case", .rows = kMatrix}, argc, argv);
}
