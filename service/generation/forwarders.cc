#include "service/generation/forwarders.h"

#include <string>
#include <utility>

namespace gateway {
namespace {

events::ForwarderOptions OptionsOf(const std::string& name, const ForwardConfig& config) {
  events::ForwarderOptions options;
  options.subscription = name;
  options.max_attempts = config.max_attempts;
  options.timeout = config.timeout;
  options.pacing.most = static_cast<size_t>(config.max_in_flight);
  options.pacing.base = config.base_wait;
  options.pacing.cap = config.max_wait;
  return options;
}

}  // namespace

Forwarders StartForwarders(const EventsConfig& config, EventsInUse& events,
                           const webhooks::EventReader& reader, const Slot<Generation>& in_force) {
  Forwarders forwarders;
  for (const auto& [name, forward] : config.forward) {
    auto target = [&in_force, name = name] {
      std::shared_ptr<const Generation> generation = in_force.Get();
      // The pointer to the target keeps the whole generation alive. So a replaced generation, with
      // its targets, is destroyed in Slot::Reap, and never on a thread of a target.
      events::Target* const target = generation->forward.at(name).target.get();
      return std::shared_ptr<events::Target>(std::move(generation), target);
    };
    forwarders.push_back(std::make_unique<events::Forwarder>(
        OptionsOf(name, forward), *events.log, events.cipher, reader, std::move(target)));
  }
  return forwarders;
}

}  // namespace gateway
