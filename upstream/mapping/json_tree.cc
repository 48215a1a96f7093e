#include "upstream/mapping/json_tree.h"

#include <simdjson.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"

namespace gateway::mapping {
namespace {

namespace dom = simdjson::dom;
using nlohmann::json;

// The tree is built by recursion. A text that is nested more deeply than this is left to nlohmann,
// which does not recurse.
constexpr size_t kMostDepth = 64;
constexpr size_t kFirstCapacity = 1024;
// A parser that has grown beyond this is not kept.
constexpr size_t kKeptCapacity = size_t{64} * 1024;

json TreeOf(const dom::element& value);

json TreeOf(const dom::object& object) {
  json::object_t members;
  for (const auto [key, value] : object) {
    members.insert_or_assign(std::string(key), TreeOf(value));  // the last of equal keys holds
  }
  return members;
}

json TreeOf(const dom::array& array) {
  json::array_t elements;
  elements.reserve(array.size());
  for (const dom::element value : array) elements.push_back(TreeOf(value));
  return elements;
}

// nlohmann keeps a number without a sign as unsigned.
json TreeOf(int64_t number) {
  return number < 0 ? json(number) : json(static_cast<uint64_t>(number));
}

json TreeOf(const dom::element& value) {
  switch (value.type()) {
    case dom::element_type::OBJECT:
      return TreeOf(value.get_object().value_unsafe());
    case dom::element_type::ARRAY:
      return TreeOf(value.get_array().value_unsafe());
    case dom::element_type::STRING:
      return std::string(value.get_string().value_unsafe());
    case dom::element_type::INT64:
      return TreeOf(value.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return value.get_uint64().value_unsafe();
    case dom::element_type::DOUBLE:
      return value.get_double().value_unsafe();
    case dom::element_type::BOOL:
      return value.get_bool().value_unsafe();
    default:
      return nullptr;
  }
}

}  // namespace

json JsonTree(absl::string_view text) {
  // Some versions of simdjson accept an escaped surrogate without its other half, so a text with
  // any \u escape is left to nlohmann.
  if (!absl::StrContains(text, "\\u")) {
    thread_local dom::parser parser;
    if (parser.capacity() > kKeptCapacity) parser = dom::parser();
    dom::element root;
    const bool ready = parser.max_depth() == kMostDepth ||
                       parser.allocate(kFirstCapacity, kMostDepth) == simdjson::SUCCESS;
    // simdjson refuses more than nlohmann does: numbers of 20 digits, for example.
    if (ready && parser.parse(text.data(), text.size()).get(root) == simdjson::SUCCESS) {
      return TreeOf(root);
    }
  }
  return json::parse(text.begin(), text.end(), nullptr, false);
}

}  // namespace gateway::mapping
