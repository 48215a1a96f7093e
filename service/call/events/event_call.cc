#include "service/call/events/event_call.h"

#include <algorithm>
#include <utility>

#include "service/call/events/unsigned_events.h"

namespace gateway {

using mapping::Failure;
using mapping::NotSent;

namespace {

// The longest time that events wait for the reads of their objects.
constexpr absl::Duration kMostReading = absl::Seconds(5);

Failure NoSubscription() {
  return NotSent(absl::StatusCode::kNotFound, "SUBSCRIPTION_NOT_FOUND",
                 "the configuration has no such subscription");
}

}  // namespace

Failure EventCall::FailureOf(const absl::Status& status) {
  if (absl::IsNotFound(status)) return NoSubscription();
  if (absl::IsInvalidArgument(status)) {
    return NotSent(status.code(), "INVALID_REQUEST", status.message());
  }
  return NotSent(absl::StatusCode::kUnavailable, "EVENTS_UNAVAILABLE", status.message());
}

std::optional<Failure> EventCall::CheckSubscription(const std::string& name) {
  if (name.empty()) return event_request::Bad("subscription", "is required");
  const auto found = shared_.events.subscriptions.find(name);
  if (found == shared_.events.subscriptions.end()) return NoSubscription();
  const events::Filter& filter = found->second.filter;
  return frame().CheckSubscription(filter.providers, filter.stores);
}

bool EventCall::MustRead(const std::vector<OpenedEvent>& opened, bool with_current) const {
  if (with_current) return !opened.empty();
  return std::any_of(opened.begin(), opened.end(), [this](const OpenedEvent& event) {
    return IsUnsigned(event, shared_.reader.schemes());
  });
}

std::shared_ptr<CurrentReading> EventCall::ReadingOf(const std::vector<OpenedEvent>& opened,
                                                     const Reading& reading,
                                                     CurrentReading::Done done) {
  const absl::Duration most = std::min(
      kMostReading, shared_.events.subscriptions.at(reading.subscription).ack_deadline / 2);
  CurrentReading::Questions questions;
  questions.reserve(opened.size());
  for (const OpenedEvent& one : opened) {
    const events::Head& head = one.received.event.event.head;
    const bool proves = IsUnsigned(one, shared_.reader.schemes());
    const bool was_read = head.origin == events::Origin::kSweep;
    // This gateway cannot judge the events of a provider that it does not know.
    const bool may_judge = proves && shared_.reader.schemes().Find(head.provider) != nullptr;
    CurrentReading::Question question{proves || (reading.with_current && !was_read), may_judge};
    if (question.is_asked) {
      question.read = shared_.current.For(head.provider, head.type, head.store, one.body);
    }
    questions.push_back(std::move(question));
  }
  return CurrentReading::Create(
      shared_.current,
      {.generation = frame().generation(),
       .renewal = &surroundings_.renewal,
       .caller = frame().caller().Key(),
       .deadline = std::min(reading.deadline, SteadyTime::Now() + most),
       .may_read = [this](absl::string_view rpc,
                          absl::string_view store) { return MayRead(rpc, store); }},
      std::move(questions), std::move(done));
}

void EventCall::TakeOutUntrue(const std::string& subscription, std::vector<OpenedEvent>& opened,
                              std::vector<Current>& currents) {
  UntrueEvents untrue = gateway::TakeOutUntrue(shared_.reader.schemes(), opened, currents);
  using events::ModifyRequest;
  GiveBack(subscription, ModifyRequest::kAcknowledge, std::move(untrue.invented));
  GiveBack(subscription, ModifyRequest::kDoubt, std::move(untrue.doubted));
  GiveBack(subscription, ModifyRequest::kPostpone, std::move(untrue.unknown));
}

// The rights are those of the call's own generation.
bool EventCall::MayRead(absl::string_view rpc, absl::string_view store) {
  const std::optional<size_t> method = surroundings_.authorizer.Find(rpc);
  if (!method) return false;
  auto admission = admissions_.find(*method);
  if (admission == admissions_.end()) {
    admission =
        admissions_
            .emplace(*method, surroundings_.authorizer.Admit(frame().generation()->authorization,
                                                             *method, context(), frame().trace()))
            .first;
  }
  return admission->second.Covers(store);
}

void EventCall::GiveBack(const std::string& subscription, events::ModifyRequest::What what,
                         std::vector<events::AckId> ids) {
  if (ids.empty()) return;
  log().Modify({.subscription = subscription, .what = what, .ack_ids = std::move(ids)}, nullptr);
}

}  // namespace gateway
