// The page behind a checkout's link: what is bought, for whom, how much, and what the customer may
// do about it. Plain HTML that works without JavaScript.
//
//   GET  /pay/{token}   the page
//   POST /pay/{token}   a form with the field action=pay, decline, later, later-decline, abandon or
//                       expire, and the field reason; redirects to the shop or, after a decline,
//                       to the page
//   GET  /pay/style.css the style sheet
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

class PayPage {
 public:
  explicit PayPage(Handler& handler) : handler_(handler) {}

  static bool IsOwn(const Received& received);
  Reply Answer(const Received& received) const;

 private:
  // `declined`: why the last payment failed; empty if it did not.
  Reply Show(const std::string& token, int status, absl::string_view notice,
             absl::string_view declined = "") const;
  Reply Act(const std::string& token, const Received& received) const;

  Handler& handler_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_PAY_PAGE_H_
