// The page behind a checkout's link: what is bought, for whom, how much, and what the customer may
// do about it. Plain HTML that works without JavaScript.
//
//   GET  /pay/{token}   the page
//   POST /pay/{token}   action=pay | decline | later | later-decline | abandon | expire, and
//   reason=...;
//                       sends the customer back to the shop
//   GET  /pay/style.css
//
// Everybody who has the link may use it, as with the provider.
//
// Thread-safe. The handler must outlive it.
#ifndef UPSTREAM_SANDBOX_PAY_PAGE_H_
#define UPSTREAM_SANDBOX_PAY_PAGE_H_

#include <string>

#include "upstream/sandbox/handler.h"
#include "upstream/sandbox/http/message.h"

namespace gateway::sandbox {

// Text as HTML shows it, in an element or an attribute.
std::string Html(absl::string_view text);

// Everything but the page's own style sheet and forms is forbidden to it.
Headers PageHeaders();

class PayPage {
 public:
  explicit PayPage(Handler& handler) : handler_(handler) {}

  static bool IsOwn(const Received& received);
  Reply Answer(const Received& received) const;

 private:
  Reply Show(const std::string& token, int status, absl::string_view notice) const;
  Reply Act(const std::string& token, const Received& received) const;

  Handler& handler_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_PAY_PAGE_H_
