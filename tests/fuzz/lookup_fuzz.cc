// Fuzzes the memory kept for a lookup and the reply of a read. Input: the text of the memory, a
// zero byte, the serialized reply.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tests/fuzz/support.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/once/lookup.h"
#include "upstream/mapping/route.h"

namespace gateway::fuzz {
namespace {

using mapping::Verdict;

const mapping::LookupPlan& RefundLookup() {
  static const mapping::LookupPlan& plan = [&]() -> const mapping::LookupPlan& {
    static const auto& table = *new auto(mapping::RouteTable::Compile(mapping::EmbeddedFiles()));
    for (const mapping::Route& route : (*table)->routes()) {
      if (route.full_name == "paynow.management.v1.OrdersService.RefundOrder") {
        return *route.once.lookup;
      }
    }
    std::abort();
  }();
  return plan;
}

void Try(absl::string_view input) {
  const size_t end = input.find('\0');
  const absl::string_view text = input.substr(0, end);
  const absl::string_view reply = end == absl::string_view::npos ? "" : input.substr(end + 1);
  const mapping::LookupPlan& plan = RefundLookup();
  mapping::LookupMemory memory = mapping::Ask(plan, reply, {"store_id", "1"});
  const absl::StatusOr<mapping::LookupMemory> kept = mapping::ReadMemory(plan, text);
  Require(kept.ok() || absl::IsDataLoss(kept.status()), "a bad memory is DATA_LOSS");
  if (kept.ok()) {
    const auto again = mapping::ReadMemory(plan, mapping::WriteMemory(*kept));
    Require(again.ok() && again->known == kept->known && again->wanted == kept->wanted,
            "a memory that can be read can be written");
    memory = *kept;
  }
  const absl::Time ended = absl::FromUnixSeconds(1'800'000'000);
  const Verdict verdict = mapping::Judge(plan, memory, ended, reply);
  Require(verdict.kind == Verdict::kAbsent || !verdict.reason.empty(), "a verdict has a reason");
  // Anything that existed before the write was not created by the write.
  if (mapping::Remember(plan, reply, memory).ok()) {
    Require(mapping::Judge(plan, memory, ended, reply).kind != Verdict::kHappened,
            "nothing new, nothing happened");
  }
}

}  // namespace
}  // namespace gateway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gateway::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
