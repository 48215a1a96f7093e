#include "service/config/events_config.h"

#include <algorithm>
#include <utility>

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
  ReadFilter(section, subscription.providers, subscription.types, subscription.stores);
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

void CheckStore(Section& section, const EventsConfig& events) {
  if (!events.file.empty() && !events.dsn_file.empty()) {
    section.Fail("file", "stands beside postgresql.dsn_file: a log has one store");
  }
  if (!events.enabled()) section.Fail("file", "or postgresql.dsn_file is required");
  if (!events.dsn_file.empty() && events.body_key_file.empty()) {
    section.Fail("body_key_file", "is required with PostgreSQL: all gateways need the same");
  }
}

void CheckName(const std::string& name, Section& entry) {
  if (!IsName(name)) entry.Fail("", "a name has letters, digits, -, _ and dots, at most 100");
}

void ReadForwards(Section& section, EventsConfig& events) {
  section.Each("forward", "forwarder",
               "To whom the gateway itself hands events on, by names of your own. Each has a "
               "subscription of its name.",
               [&](const std::string& name, Section& entry) {
                 ForwardConfig forward = ReadForward(entry);
                 if (!entry.present()) return;
                 CheckName(name, entry);
                 if (events.subscriptions.contains(name)) {
                   entry.Fail("", "events.subscriptions has the same name");
                 }
                 events.forward.emplace(name, std::move(forward));
               });
}

void ReadSweeps(Section& section, EventsConfig& events) {
  section.Each("sweep", "upstream",
               "Where the gateway itself looks for what no event told of, by reading the upstream, "
               "and makes an event of it. Off unless it is here.",
               [&](const std::string& name, Section& entry) {
                 SweepConfig sweep = ReadSweep(entry, events.keep);
                 if (entry.present()) events.sweep.emplace(name, std::move(sweep));
               });
}

}  // namespace

bool IsAccountName(absl::string_view name) { return IsName(name) && name.front() != '.'; }

EventsConfig ReadEvents(Section& root) {
  EventsConfig events;
  Section section = root.Child(
      "events",
      {"The log of webhooks that were received, and who is handed them by EventService. Without it "
       "nothing is received.",
       ReloadRule::kRestart});
  section.Read("file", "File of SQLite, in a folder that nobody else can read; for one gateway.",
               events.file);
  {
    Section postgresql = section.Child("postgresql", "For gateways that share a log.");
    postgresql.Read("dsn_file", "File with the connection string of PostgreSQL.", events.dsn_file);
  }
  section.Read("body_key_file",
               "File with at least 32 visible characters, by which kept events are encrypted. "
               "Empty with SQLite: made beside the file.",
               events.body_key_file);
  section.Read("previous_body_key_file",
               "The key before, while kept events are still encrypted with it.",
               events.previous_body_key_file);
  section.Read("keep", "How long an event is kept, whether it was acknowledged or not.",
               events.keep, absl::Minutes(1));
  section.Read("max_bytes", "Size of the file of SQLite from which on webhooks are refused.",
               events.max_bytes, int64_t{1} << 20, int64_t{1} << 40);
  section.Each("subscriptions", "subscription", "Who is handed which events, by names of your own.",
               [&](const std::string& name, Section& entry) {
                 SubscriptionConfig subscription = ReadSubscription(entry);
                 if (!entry.present()) return;
                 CheckName(name, entry);
                 events.subscriptions.emplace(name, std::move(subscription));
               });
  ReadForwards(section, events);
  ReadSweeps(section, events);
  if (section.present()) CheckStore(section, events);
  return events;
}

ReceiverConfig ReadReceiver(Section& section) {
  ReceiverConfig receiver;
  section.Read(
      "listen",
      {"Address and port where webhooks are received; empty: they are not.", ReloadRule::kRestart},
      receiver.listen);
  section.Read("certificate_file",
               {"Certificate of the receiver with its chain, in PEM; it is read again when it "
                "changes. Empty: webhooks are received in plain text, for an ingress in front.",
                ReloadRule::kRestart},
               receiver.certificate_file);
  section.Read("key_file", {"Key of the certificate, in PEM.", ReloadRule::kRestart},
               receiver.key_file);
  if (receiver.certificate_file.empty() != receiver.key_file.empty()) {
    section.Fail("key_file", "is needed with certificate_file, and only there");
  }
  section.Read("max_connections",
               {"Connections at a time; of more, the one is closed that has been silent or slow "
                "for the longest time.",
                ReloadRule::kRestart},
               receiver.max_connections, 1, 100000);
  section.Read("max_header_bytes", {"Longest head of a request.", ReloadRule::kRestart},
               receiver.max_header_bytes, 1024, int64_t{1} << 20);
  section.Read("request_timeout",
               {"Time from a request's first byte to its last.", ReloadRule::kRestart},
               receiver.request_timeout, absl::Milliseconds(100));
  section.Read("idle_timeout",
               {"Time that a connection is kept without a request.", ReloadRule::kRestart},
               receiver.idle_timeout, absl::Milliseconds(100));
  section.Read("max_failures_per_second",
               {"Webhooks that are not genuine, for each address that they come from; beyond it "
                "the address is answered 503 for a while. 0: no limit. An ingress is one address.",
                ReloadRule::kRestart},
               receiver.max_failures_per_second, 0, 1000000);
  return receiver;
}

void ReadFilter(Section& section, std::vector<std::string>& providers,
                std::vector<std::string>& types, std::vector<std::string>& stores) {
  section.Read("providers", "Whose events; empty: all.", providers);
  section.Read("types", "Which events, as the provider names them; empty: all.", types);
  section.Read("stores", "Events about these stores alone; empty: all, and those without one.",
               stores);
}

}  // namespace gateway
