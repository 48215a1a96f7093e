// Blocking calls of an event log: each function returns when the log has called `done`.
//
// Thread-safety: none; one thread.
#ifndef TESTS_SERVICE_EVENTS_LOG_CALLS_H_
#define TESTS_SERVICE_EVENTS_LOG_CALLS_H_

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/events/event_log.h"
#include "service/ledger/reply_cipher.h"

namespace gateway::events {

template <typename T, typename Ask>
absl::StatusOr<T> Wait(Ask ask) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<T>>>();
  auto future = promise->get_future();
  ask([promise](absl::StatusOr<T> result) { promise->set_value(std::move(result)); });
  return future.get();
}

inline std::shared_ptr<ledger::ReplyCipher> TestCipher() {
  return *ledger::ReplyCipher::Create(std::string(ledger::ReplyCipher::kKeyBytes, 'k'));
}

inline SealedEvent TestEvent(const std::string& id, const std::string& body = "{}",
                             const std::string& type = "a", const std::string& resource = "") {
  SealedEvent sealed;
  sealed.event.head.provider = "paynow";
  sealed.event.head.id = id;
  sealed.event.head.type = type;
  sealed.event.head.resource = resource;
  sealed.event.body = body;
  sealed.key = KeyOf(sealed.event);
  sealed.sealed_body = *SealBody(*TestCipher(), sealed.key, body);
  return sealed;
}

inline absl::StatusOr<Appended> AppendTo(EventLog& log, SealedEvent event) {
  return Wait<Appended>(
      [&](Done<Appended> done) { log.Append(std::move(event), std::move(done)); });
}

inline absl::StatusOr<std::vector<Received>> PullFrom(EventLog& log,
                                                      const std::string& subscription,
                                                      size_t most = 100,
                                                      absl::Duration wait = absl::ZeroDuration()) {
  PullRequest request{.subscription = subscription, .max_events = most};
  request.until = SteadyTime::Now() + wait;
  return Wait<std::vector<Received>>(
      [&](Done<std::vector<Received>> done) { log.Pull(std::move(request), std::move(done)); });
}

inline absl::StatusOr<Effects> ModifyIn(EventLog& log, ModifyRequest request) {
  return Wait<Effects>(
      [&](Done<Effects> done) { log.Modify(std::move(request), std::move(done)); });
}

inline absl::StatusOr<Effects> AcknowledgeIn(EventLog& log, const std::string& subscription,
                                             const std::vector<Received>& received) {
  ModifyRequest request{.subscription = subscription, .what = ModifyRequest::kAcknowledge};
  for (const Received& one : received) request.ack_ids.push_back(one.ack_id);
  return ModifyIn(log, std::move(request));
}

inline std::vector<std::string> IdsOf(const absl::StatusOr<std::vector<Received>>& received) {
  EXPECT_TRUE(received.ok()) << received.status();
  std::vector<std::string> ids;
  if (!received.ok()) return ids;
  for (const Received& one : *received) ids.push_back(one.event.event.head.id);
  return ids;
}

}  // namespace gateway::events

#endif  // TESTS_SERVICE_EVENTS_LOG_CALLS_H_
