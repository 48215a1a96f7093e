#include "service/config/sweep_config.h"

namespace gateway {

SweepConfig ReadSweep(ConfigReader::Section& section, absl::Duration keep) {
  SweepConfig sweep;
  section.Read("stores", "Whose orders and refunds are looked at. Required.", sweep.stores);
  section.Read("every", "Time from the end of a sweep to the next.", sweep.every,
               absl::Milliseconds(10));
  section.Read(
      "settle",
      "How long ago something has to have happened: the provider's own event may be on its "
      "way, or be tried again.",
      sweep.settle);
  section.Read("look_back",
               "What happened longer ago is not looked for, nor what happened later to an order or "
               "payment that is older. At most `events.keep`.",
               sweep.look_back, absl::Minutes(1));
  section.Read("pages_per_minute",
               "Pages that are read in a minute, beside the upstream's own limits.",
               sweep.pages_per_minute, 1, 60000);
  if (!section.present()) return sweep;
  if (sweep.stores.empty()) section.Fail("stores", "is required");
  if (sweep.settle >= sweep.look_back) section.Fail("settle", "must be shorter than look_back");
  if (sweep.look_back > keep) {
    section.Fail("look_back", "is longer than events.keep: what is not kept would be found again");
  }
  return sweep;
}

}  // namespace gateway
