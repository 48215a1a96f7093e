// An upstream with a list of orders in pages, as PayNow has them: `limit`, `after`, `asc`, and ids
// that rise. The list may change between two pages, and a page may fail.
//
// Thread-safety: may be used from any thread. Lifetime: must outlive the gateway that calls it.
//
//   PagedShop shop(250);
//   shop.on_page = [&](int page) { if (page == 2) shop.Remove(17); return std::nullopt; };
//   ... calls shop.server().Url("") ...
#ifndef TESTS_SERVICE_PAGED_SHOP_H_
#define TESTS_SERVICE_PAGED_SHOP_H_

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "tests/upstream/http/scripted_server.h"

namespace gateway {

class PagedShop {
 public:
  // Makes the orders 1 to `count`. `padding`: how many characters are added to each.
  explicit PagedShop(uint64_t count, size_t padding = 0);

  // Called before page n is read; n begins at 1 and counts repeated pages too. If it returns a
  // step, that step replaces the page. Set it before the first call.
  std::function<std::optional<http::Step>(int page)> on_page = nullptr;
  // Answers as if `after` were not there.
  bool forgets_after = false;

  void Add(uint64_t id);
  void Remove(uint64_t id);
  // Sets the currency of all orders from now on.
  void SetCurrency(const std::string& currency);

  // The body of a page with these parameters.
  std::string Page(const std::string& target) const;

  http::ScriptedServer& server() { return server_; }
  int pages() const;

 private:
  http::Step Answer(const http::Received& request);

  const std::string padding_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::set<uint64_t> ids_;
  std::string currency_ = "EUR";
  int pages_ = 0;
  http::ScriptedServer server_;  // last: its threads use the members above
};

}  // namespace gateway

#endif  // TESTS_SERVICE_PAGED_SHOP_H_
