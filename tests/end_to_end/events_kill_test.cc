// Kills gateways with SIGKILL at random moments. Each event that a gateway has answered with 2xx is
// handed out until a consumer acknowledges it, and a forged event is never handed out. With SQLite,
// the only gateway is killed. With PostgreSQL, two gateways that share a log are killed, and the
// database too.
//
// EVENTS_DELIVERIES: number of events (10000 for the full test). EVENTS_KILLS: number of kills.
// EVENTS_SEED: the seed for all random choices.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/support/event_traffic.h"
#include "tests/end_to_end/support/number_from.h"
#include "tests/service/child_process.h"
#include "tests/service/ledger/postgresql_server.h"
#include "tests/service/temp_dir.h"
#include "upstream/steady_time.h"

namespace gateway {
namespace {

using nlohmann::json;

constexpr absl::Duration kPatience = absl::Minutes(3);

uint32_t Seed() { return static_cast<uint32_t>(NumberFrom("EVENTS_SEED", 20261127)); }

json Subscriptions() { return json{{"all", {{"ack_deadline", "1s"}, {"max_attempts", 1000}}}}; }

// Makes a database with the gateway's schema, as an administrator would. Returns its name.
std::string Migrated(ledger::PostgresqlServer& server) {
  const TempDir directory;
  const std::string database = server.NewDatabase();
  const Ended migrated =
      RunProgram({BUILD_DIR "/billing-gateway", "--migrate",
                  directory.Write("dsn", server.DsnOf(database, "postgres")), "gateway"});
  EXPECT_EQ(migrated.exit_code, 0) << migrated.err;
  EXPECT_EQ(server.Ask(database, "SELECT count(*) FROM gateway_ledger.entries"), "0");
  return database;
}

// Waits until the condition holds, or until kPatience has passed.
template <typename Condition>
void Await(Condition condition) {
  const SteadyTime end = SteadyTime::Now() + kPatience;
  while (!condition() && SteadyTime::Now() < end) absl::SleepFor(absl::Milliseconds(50));
}

void ExpectEachOnce(const Heard& heard, const EventSenders& senders, int events) {
  int again = 0;
  for (const auto& [id, times] : heard.seen()) {
    again += times - 1;
    EXPECT_FALSE(absl::StartsWith(id, "forged")) << id;
  }
  std::cout << "seed " << Seed() << ", " << events << " events, " << senders.tries()
            << " deliveries without a 2xx, " << again << " events handed out again, "
            << heard.done() << " acknowledgements heard of\n";
  EXPECT_EQ(heard.said(), static_cast<size_t>(events)) << "lost";
  EXPECT_EQ(heard.seen().size(), static_cast<size_t>(events)) << "invented";
  EXPECT_EQ(senders.forged_taken(), 0);
  EXPECT_GT(senders.tries(), 0) << "no kill came in between";
}

TEST(EventsKillTest, NothingThatWasTakenIsLost) {
  const int events = NumberFrom("EVENTS_DELIVERIES", 1500);
  const int kills = NumberFrom("EVENTS_KILLS", 12);
  EventGateway gateway(Subscriptions());
  gateway.Start();
  if (HasFatalFailure()) return;

  Heard heard;
  EventConsumers consumers({&gateway}, Seed(), heard);
  EventSenders senders({&gateway}, events, Seed());
  std::mt19937 random(Seed());
  for (int i = 0; i < kills; ++i) {
    absl::SleepFor(absl::Milliseconds(std::uniform_int_distribution<>(20, 300)(random)));
    gateway.Kill();
    gateway.Start();
    if (HasFatalFailure()) std::abort();
  }
  senders.Join();
  Await([&] { return heard.said() >= static_cast<size_t>(events); });
  consumers.Stop();
  std::cout << kills << " kills, ";
  ExpectEachOnce(heard, senders, events);
}

// Consumers pull at one gateway and acknowledge at the other.
TEST(EventsKillTest, NothingIsLostByTwoGatewaysThatShareADatabase) {
  const int events = NumberFrom("EVENTS_DELIVERIES", 800);
  const int kills = NumberFrom("EVENTS_KILLS", 8);
  ledger::PostgresqlServer server;
  const std::string database = Migrated(server);
  const std::string dsn = server.DsnOf(database, "gateway");
  EventGateway gateways[] = {EventGateway(Subscriptions(), dsn),
                             EventGateway(Subscriptions(), dsn)};
  for (EventGateway& gateway : gateways) gateway.Start();
  if (HasFatalFailure()) return;

  Heard heard;
  const EventGateways both = {&gateways[0], &gateways[1]};
  EventConsumers consumers(both, Seed(), heard);
  EventSenders senders(both, events, Seed());
  std::mt19937 random(Seed());
  int databases = 0;
  for (int i = 0; i < kills; ++i) {
    absl::SleepFor(absl::Milliseconds(std::uniform_int_distribution<>(20, 600)(random)));
    if (i % 4 == 3) {
      ++databases;
      server.Kill();
      server.Start();
      continue;
    }
    EventGateway& gateway = gateways[random() % 2];
    gateway.Kill();
    gateway.Start();
    if (HasFatalFailure()) std::abort();
  }
  senders.Join();
  // `done` must be one interval, from the first event to the last. Then the log has exactly as many
  // events as genuine ones were sent, and each was acknowledged.
  const std::string all = absl::StrCat("1-", events);
  std::string done;
  Await([&] {
    done = server.Ask(database,
                      "SELECT string_agg(first || '-' || last, ' ' ORDER BY first) "
                      "FROM gateway_events.done");
    return done == all;
  });
  consumers.Stop();
  EXPECT_EQ(done, all);
  EXPECT_EQ(server.Ask(database, "SELECT newest FROM gateway_events.log"), absl::StrCat(events));
  EXPECT_EQ(server.Ask(database, "SELECT count(*) FROM gateway_events.leases"), "0");
  std::cout << kills - databases << " gateways and " << databases << " times the database killed, ";
  ExpectEachOnce(heard, senders, events);
}

}  // namespace
}  // namespace gateway
