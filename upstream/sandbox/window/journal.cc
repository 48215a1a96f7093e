#include "upstream/sandbox/window/journal.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "upstream/sandbox/formats.h"

namespace gateway::sandbox {
namespace {

constexpr size_t kMaxBody = 4000;
constexpr size_t kMaxHeader = 300;
constexpr size_t kMaxHeaders = 40;
constexpr size_t kMaxTarget = 1000;
// If a body is longer, only its size is kept.
constexpr size_t kMaxKeptBody = 64 << 10;
constexpr char kMask[] = "***";

bool IsSecret(absl::string_view name) {
  return absl::EndsWith(name, "token") || absl::EndsWith(name, "secret") ||
         absl::EndsWith(name, "password") || absl::EndsWith(name, "api_key");
}

// NOLINTNEXTLINE(misc-no-recursion): ParseJson bounds the depth.
void Mask(Json& value) {
  if (value.is_array()) {
    for (Json& element : value) Mask(element);
  } else if (value.is_object()) {
    for (auto& [name, member] : value.items()) {
      if (member.is_string() && IsSecret(name)) {
        member = kMask;
      } else {
        Mask(member);
      }
    }
  }
}

std::string Cut(absl::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  return absl::StrCat(text.substr(0, most), "... (", text.size(), " bytes)");
}

// Masks the key in a header that holds one, but not the scheme before the key.
std::string MaskedHeader(absl::string_view name, absl::string_view value) {
  const std::string lower = absl::AsciiStrToLower(name);
  const bool secret = absl::StrContains(lower, "authorization") ||
                      absl::StrContains(lower, "cookie") ||
                      (absl::StrContains(lower, "key") && lower != "idempotency-key");
  if (!secret) return Cut(value, kMaxHeader);
  const size_t space = value.find(' ');
  return absl::StrCat(space == absl::string_view::npos ? "" : value.substr(0, space + 1), kMask);
}

Json MaskedHeaders(const Headers& headers) {
  Json masked = Json::array();
  for (const auto& [name, value] : headers) {
    if (masked.size() == kMaxHeaders) break;
    masked.push_back({{"name", Cut(name, kMaxHeader)}, {"value", MaskedHeader(name, value)}});
  }
  return masked;
}

// Replaces a body that is too long by its size. Swaps in a new string, because an assignment would
// keep the memory of the long text.
void Bound(std::string& body) {
  if (body.size() > kMaxKeptBody) absl::StrCat("(", body.size(), " bytes)").swap(body);
}

}  // namespace

std::string MaskedBody(const std::string& body) {
  std::optional<Json> json = ParseJson(body);
  if (!json || !(json->is_object() || json->is_array())) return Cut(body, kMaxBody);
  Mask(*json);
  return Cut(json->dump(2, ' ', false, Json::error_handler_t::replace), kMaxBody);
}

// Stores the request unmasked, so that a call costs no more than a copy. List masks it.
int64_t Journal::Add(Seen seen) {
  Bound(seen.received.body);
  const MutexLock lock(mu_);
  entries_.push_front({++last_id_, absl::Now(), std::move(seen), std::nullopt});
  if (entries_.size() > kKept) entries_.pop_back();
  return last_id_;
}

void Journal::Answer(int64_t id, const Reply& reply) {
  Reply kept = reply;
  Bound(kept.body);
  const MutexLock lock(mu_);
  const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& held) { return held.id == id; });
  if (entry != entries_.end()) entry->reply = std::move(kept);
}

void Journal::Clear() {
  const MutexLock lock(mu_);
  entries_.clear();
}

Json Journal::List(size_t most) const {
  const MutexLock lock(mu_);
  Json list = Json::array();
  for (const auto& [id, time, seen, reply] : entries_) {
    if (list.size() == most) break;
    list.push_back({{"id", id},
                    {"time", TimeText(time)},
                    {"method", seen.received.method},
                    {"target", Cut(seen.received.target, kMaxTarget)},
                    {"operation", seen.operation},
                    {"fault", seen.fault},
                    {"headers", MaskedHeaders(seen.received.headers)},
                    {"body", MaskedBody(seen.received.body)},
                    {"status", reply ? reply->status : 0},
                    {"reply", reply ? MaskedBody(reply->body) : ""}});
  }
  return list;
}

}  // namespace gateway::sandbox
