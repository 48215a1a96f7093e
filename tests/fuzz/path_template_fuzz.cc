// Fuzzes the parser of google.api.http paths: it parses a path completely, or refuses it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/support.h"
#include "upstream/mapping/path_template.h"

namespace gateway::fuzz {
namespace {

void Try(absl::string_view text) {
  const auto parsed = mapping::PathTemplate::Parse(text);
  if (!parsed.ok()) {
    Require(absl::IsInvalidArgument(parsed.status()) && !parsed.status().message().empty(),
            "a refusal says why");
    return;
  }
  std::string again;
  for (const mapping::PathTemplate::Part& part : parsed->parts) {
    absl::StrAppend(&again, part.literal);
    if (!part.field.empty()) absl::StrAppend(&again, "{", part.field, "}");
  }
  Require(again == text, "nothing of a path is lost");
}

}  // namespace
}  // namespace gateway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gateway::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
