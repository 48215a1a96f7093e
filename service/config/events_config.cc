#include "service/config/events_config.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace gateway {
namespace {

using Section = ConfigReader::Section;

constexpr size_t kLongestName = 100;

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

SubscriptionConfig ReadSubscription(Section& section) {
  SubscriptionConfig subscription;
  section.Read("providers", "Whose events; empty: all.", subscription.providers);
  section.Read("types", "Which events, as the provider names them; empty: all.",
               subscription.types);
  section.Read("stores", "Events about these stores alone; empty: all, and those without one.",
               subscription.stores);
  section.Read("ack_deadline",
               "An event that is not acknowledged within this time is handed out again.",
               subscription.ack_deadline, absl::Seconds(1));
  ReadInteger(section, "max_attempts",
              "An event that was handed out so often without an acknowledgement becomes a dead "
              "letter.",
              subscription.max_attempts, 1, 1000);
  section.Read("ordered",
               "Hand out an event of an order, session or subscription only when the one before "
               "it is acknowledged, or a dead letter.",
               subscription.ordered);
  return subscription;
}

}  // namespace

EventsConfig ReadEvents(Section& root) {
  EventsConfig events;
  Section section = root.Child(
      "events",
      "The log of webhooks that were received, and who is handed them by EventService. Without it "
      "nothing is received.");
  section.Read("file", "File of SQLite, in a folder that nobody else can read; for one gateway.",
               events.file);
  section.Read("body_key_file",
               "File with at least 32 visible characters, by which kept events are encrypted. "
               "Empty: made beside the file.",
               events.body_key_file);
  section.Read("previous_body_key_file",
               "The key before, while kept events are still encrypted with it.",
               events.previous_body_key_file);
  section.Read("keep", "How long an event is kept, whether it was acknowledged or not.",
               events.keep, absl::Minutes(1));
  section.Read("max_bytes", "Size of the file from which on webhooks are refused.",
               events.max_bytes, int64_t{1} << 20, int64_t{1} << 40);
  section.Each("subscriptions", "subscription", "Who is handed which events, by names of your own.",
               [&](const std::string& name, Section& entry) {
                 SubscriptionConfig subscription = ReadSubscription(entry);
                 if (!entry.present()) return;
                 if (!IsName(name)) {
                   entry.Fail("", "a name has letters, digits, -, _ and dots, at most 100");
                 }
                 events.subscriptions.emplace(name, std::move(subscription));
               });
  if (section.present() && events.file.empty()) section.Fail("file", "is required");
  return events;
}

ReceiverConfig ReadReceiver(Section& section) {
  ReceiverConfig receiver;
  section.Read("listen",
               "Address and port where webhooks are received, in plain text, for an ingress in "
               "front; empty: they are not.",
               receiver.listen);
  section.Read("max_connections",
               "Connections at a time; of more, the one is closed that has been silent or slow "
               "for the longest time.",
               receiver.max_connections, 1, 100000);
  section.Read("max_header_bytes", "Longest head of a request.", receiver.max_header_bytes, 1024,
               int64_t{1} << 20);
  section.Read("request_timeout", "Time from a request's first byte to its last.",
               receiver.request_timeout, absl::Milliseconds(100));
  section.Read("idle_timeout", "Time that a connection is kept without a request.",
               receiver.idle_timeout, absl::Milliseconds(100));
  section.Read("max_failures_per_second",
               "Webhooks that are not genuine, for each address that they come from; beyond it "
               "the address is answered 503 for a while. 0: no limit. An ingress is one address.",
               receiver.max_failures_per_second, 0, 1000000);
  return receiver;
}

}  // namespace gateway
