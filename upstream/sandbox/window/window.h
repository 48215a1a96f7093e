// The sandbox in a browser: http://127.0.0.1:8080/_sandbox/. Plain HTML that works without
// JavaScript; with JavaScript, pages show changes at once. Everything that the window shows and
// does goes through the Api.
//
//   GET  /_sandbox/                      the store at a glance, and the other stores of the program
//   GET  /_sandbox/store/SECTION[/ID]    records and what can be done to them
//   GET  /_sandbox/webhooks | requests | faults | tools
//   POST /_sandbox/api/...               a form: its fields become the members of the Api's body,
//                                        except `back`, the page that is shown afterwards, and
//                                        `method`, which makes the request a DELETE
//
// Thread-safe. The Api must outlive it.
#ifndef UPSTREAM_SANDBOX_WINDOW_WINDOW_H_
#define UPSTREAM_SANDBOX_WINDOW_WINDOW_H_

#include <string>
#include <vector>

#include "upstream/sandbox/http/message.h"
#include "upstream/sandbox/window/api.h"

namespace gateway::sandbox {

class Window {
 public:
  // A store of this program.
  struct Neighbour {
    std::string provider;
    std::string url;
  };

  Window(const Api& api, std::string provider) : api_(api), provider_(std::move(provider)) {}

  // Answers a request for which Api::IsOwn is true. Refuses the request if Api::MayUse is false.
  Reply Answer(const Received& received, bool from_loopback,
               const std::vector<Neighbour>& neighbours) const;

 private:
  // A page of the window: `rest` is what stands after /_sandbox/.
  Reply Show(const std::vector<std::string>& rest, const std::vector<Neighbour>& neighbours) const;
  Reply Submit(const Received& received, const std::vector<Neighbour>& neighbours) const;
  Reply Page(int status, const std::string& title, const std::string& body,
             const std::vector<Neighbour>& neighbours) const;

  const Api& api_;
  const std::string provider_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WINDOW_WINDOW_H_
