// Parses JSON and finds an object that has the same member twice. Parsers disagree on which of the
// two members counts, so such a file is ambiguous.
//
// Thread-safety: may be called from any thread.
#ifndef SERVICE_CONFIG_STRICT_JSON_H_
#define SERVICE_CONFIG_STRICT_JSON_H_

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway {

struct StrictJson {
  nlohmann::json value;  // discarded if the text is not JSON
  std::string repeated;  // a member that is there twice, as "upstreams.paynow"
  bool is_repeated = false;

  bool good() const { return !value.is_discarded() && !is_repeated; }
};

// If `throws` is set, throws as nlohmann::json::parse does.
inline StrictJson ParseStrictJson(absl::string_view text, bool throws = false,
                                  bool ignore_comments = false) {
  using nlohmann::json;
  StrictJson strict;
  struct Object {
    std::set<std::string> names;  // so far
    std::string newest;
  };
  std::vector<Object> open;  // outermost first
  const auto see = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key) {
      open.back().newest = parsed.get_ref<const std::string&>();
      if (!open.back().names.insert(open.back().newest).second && !strict.is_repeated) {
        strict.is_repeated = true;
        for (const Object& object : open) {
          strict.repeated += (strict.repeated.empty() ? "" : ".") + object.newest;
        }
      }
    }
    return true;
  };
  strict.value = json::parse(text.begin(), text.end(), see, throws, ignore_comments);
  return strict;
}

}  // namespace gateway

#endif  // SERVICE_CONFIG_STRICT_JSON_H_
