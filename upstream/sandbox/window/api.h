// The sandbox's own API for programs: the paths under /_sandbox/api/. The file openapi.json in this
// folder describes the requests and answers of each path. The sandbox serves openapi.json, and a
// test compares it with Routes().
//
//   Api api({faults, handler, courier, journal, changes}, /*open=*/false);
//   if (Api::IsOwn(received)) reply = api.Answer(received, connection.from_loopback());
//
// The API asks for no key. So it answers only requests from this machine, unless `open` is set, and
// refuses every request that a page of another site can make a browser send.
//
// Thread-safe.
#ifndef UPSTREAM_SANDBOX_WINDOW_API_H_
#define UPSTREAM_SANDBOX_WINDOW_API_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "upstream/sandbox/faults/faults.h"
#include "upstream/sandbox/handler.h"
#include "upstream/sandbox/http/message.h"
#include "upstream/sandbox/webhooks/courier.h"
#include "upstream/sandbox/window/journal.h"

namespace gateway::sandbox {

inline constexpr char kApiPrefix[] = "/_sandbox/api";

class Api {
 public:
  // All must outlive the Api.
  struct Parts {
    Faults& faults;
    Handler& handler;
    Courier& courier;
    Journal& journal;
    // Counts the changes of everything that a page shows, including the changes that the Api makes.
    std::atomic<uint64_t>& changes;
  };
  struct Call {
    // The values of the path's parameters, in their order.
    std::vector<std::string> values;
    // An object; empty if nothing was sent.
    Json body;
  };
  struct Route {
    const char* method;
    // "/store/{section}", under kApiPrefix.
    const char* path;
    Reply (Api::*answer)(const Call& call) const;
  };

  // `open`: whether other machines may use the Api.
  Api(Parts parts, bool open) : parts_(parts), open_(open) {}

  // Whether the request is for anything under /_sandbox.
  static bool IsOwn(const Received& received);
  static const std::vector<Route>& Routes();

  // Whether the request may come in: from this machine, and not from a page of another site.
  bool MayUse(const Received& received, bool from_loopback) const;
  // Answers a request for which MayUse is true.
  Reply Answer(const Received& received) const;
  // Returns the answer to GET of `path`, which is below kApiPrefix, such as "/store/orders".
  // Returns an empty object if the status is not 200.
  Json Get(const std::string& path) const;

 private:
  Reply Dispatch(const std::string& method, const std::vector<std::string>& segments,
                 const std::string& body) const;
  // Answers with the result of a function of the behaviour; with 404 if the result is null or
  // absent.
  Reply Asked(const Script::Path& function, const Json& argument, int status = 200) const;

  Reply Describe(const Call& call) const;
  Reply Store(const Call& call) const;
  Reply Section(const Call& call) const;
  Reply Record(const Call& call) const;
  Reply Act(const Call& call) const;
  Reply Checkout(const Call& call) const;
  Reply ActOnCheckout(const Call& call) const;
  Reply Requests(const Call& call) const;
  Reply Deliveries(const Call& call) const;
  Reply ReverseDeliveries(const Call& call) const;
  Reply SendDelivery(const Call& call) const;
  Reply Events(const Call& call) const;
  Reply Tell(const Call& call) const;
  Reply Clock(const Call& call) const;
  Reply Forward(const Call& call) const;
  Reply Export(const Call& call) const;
  Reply Reset(const Call& call) const;
  Reply ListFaults(const Call& call) const;
  Reply AddFault(const Call& call) const;
  Reply ClearFaults(const Call& call) const;
  Reply RemoveFault(const Call& call) const;

  const Parts parts_;
  const bool open_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WINDOW_API_H_
