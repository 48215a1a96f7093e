#include "upstream/sandbox/json.h"

namespace gateway::sandbox {
namespace {

constexpr int kMaxBodyDepth = 64;

bool TooDeep(absl::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if ((c == '{' || c == '[') && ++depth > kMaxBodyDepth) return true;
    if (c == '}' || c == ']') --depth;
  }
  return false;
}

}  // namespace

std::optional<Json> ParseJson(absl::string_view text) {
  if (TooDeep(text)) return std::nullopt;
  Json value = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

std::string WriteJson(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string PlainText(const Json& value) {
  return value.is_string() ? value.get<std::string>() : WriteJson(value);
}

}  // namespace gateway::sandbox
