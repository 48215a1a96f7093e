#include "tests/service/paged_shop.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace gateway {
namespace {

// Returns a parameter of the query; 0 if the target has no such parameter.
uint64_t Parameter(absl::string_view target, absl::string_view name) {
  uint64_t number = 0;
  for (const absl::string_view pair : absl::StrSplit(target.substr(target.find('?') + 1), '&')) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(pair, '=');
    if (parts.first == name && absl::SimpleAtoi(parts.second, &number)) return number;
  }
  return 0;
}

}  // namespace

PagedShop::PagedShop(uint64_t count, size_t padding)
    : padding_(padding, 'x'),
      server_({.on_request = [this](const http::Received& request) { return Answer(request); }}) {
  for (uint64_t id = 1; id <= count; ++id) ids_.insert(id);
}

void PagedShop::Add(uint64_t id) {
  const std::lock_guard lock(mutex_);
  ids_.insert(id);
}

void PagedShop::Remove(uint64_t id) {
  const std::lock_guard lock(mutex_);
  ids_.erase(id);
}

void PagedShop::SetCurrency(const std::string& currency) {
  const std::lock_guard lock(mutex_);
  currency_ = currency;
}

int PagedShop::pages() const {
  const std::lock_guard lock(mutex_);
  return pages_;
}

std::string PagedShop::Page(const std::string& target) const {
  const std::lock_guard lock(mutex_);
  const uint64_t limit = Parameter(target, "limit");
  std::string body = "[";
  uint64_t count = 0;
  auto id = forgets_after ? ids_.begin() : ids_.upper_bound(Parameter(target, "after"));
  for (; id != ids_.end() && count < limit; ++id, ++count) {
    absl::StrAppend(&body, count == 0 ? "" : ",", R"({"id": ")", *id, R"(", "store_id": "12", )",
                    R"("currency": ")", currency_, R"(", "billing_name": ")", padding_, R"("})");
  }
  body += "]";
  return body;
}

http::Step PagedShop::Answer(const http::Received& request) {
  int page = 0;
  {
    const std::lock_guard lock(mutex_);
    page = ++pages_;
  }
  if (on_page) {
    if (auto step = on_page(page)) return *std::move(step);
  }
  return http::Step::Reply(Page(request.target));
}

}  // namespace gateway
