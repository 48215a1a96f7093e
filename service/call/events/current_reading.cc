#include "service/call/events/current_reading.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace gateway {
namespace {

using mapping::Failure;

const UpstreamAccess* AccessOf(const Generation& generation, absl::string_view upstream) {
  const auto found =
      std::find_if(generation.upstreams.begin(), generation.upstreams.end(),
                   [&](const UpstreamAccess& access) { return access.name == upstream; });
  return found == generation.upstreams.end() ? nullptr : &*found;
}

// An upstream that refuses the id of the object does not confirm the event. A refusal of the
// gateway's key or rate says nothing of the event.
Current::Truth TruthOf(const Failure& failure) {
  if (!failure.from_upstream) return Current::kUnknown;
  if (failure.code == absl::StatusCode::kNotFound) return Current::kAbsent;
  const int status = failure.http_status;
  const bool is_about_us = status == 401 || status == 403 || status == 429;
  const bool is_refused = failure.outcome == mapping::Outcome::kRefused && !is_about_us;
  return is_refused ? Current::kNotBornOut : Current::kUnknown;
}

}  // namespace

std::shared_ptr<CurrentReading> CurrentReading::Create(const webhooks::CurrentReads& reads,
                                                       Terms terms, Questions questions,
                                                       Done done) {
  std::shared_ptr<CurrentReading> reading(
      new CurrentReading(reads, std::move(terms), std::move(done)));
  reading->Prepare(std::move(questions));
  return reading;
}

// Events about the same object share one read if the same condition (BornOutBy) confirms them, and
// if the read has the same purpose (`proves`).
void CurrentReading::Prepare(Questions questions) {
  std::vector<Current> currents(questions.size());
  using Key =
      std::tuple<const mapping::Route*, std::string, const webhooks::BornOutBy*, bool /*proves*/>;
  std::map<Key, std::vector<size_t>> places;
  for (size_t i = 0; i < questions.size(); ++i) {
    if (!questions[i].is_asked) continue;
    if (const auto& read = questions[i].read) {
      places[{read->route, read->request, read->truth, questions[i].proves}].push_back(i);
    } else {
      currents[i].reason = "NO_READ";
      // No read can ever confirm an event that names no object.
      if (questions[i].proves) currents[i].truth = Current::kAbsent;
    }
  }
  units_.reserve(places.size());
  for (auto& [key, of_read] : places) {
    const auto& [route, request, truth, proves] = key;
    const Current unread = Add({route, request, truth}, proves, of_read);
    for (const size_t place : of_read) currents[place] = unread;
  }
  const MutexLock lock(mutex_);
  currents_ = std::move(currents);
}

Current CurrentReading::Add(webhooks::CurrentRead read, bool proves, std::vector<size_t> places) {
  const UpstreamAccess* const access = AccessOf(*terms_.generation, read.route->provider->name());
  if (access == nullptr) return {.reason = "NO_READ"};
  auto prepared = access->client->Prepare(*read.route, read.request, TermsOf(access->credentials));
  if (const auto* failure = std::get_if<Failure>(&prepared)) {
    // If no request can name the object, there is no such object.
    const bool is_impossible = proves && !failure->violations.empty();
    return {.reason = failure->reason,
            .truth = is_impossible ? Current::kAbsent : Current::kUnknown};
  }
  auto& call = std::get<PreparedCall>(prepared);
  if (!proves && !terms_.may_read(absl::StripPrefix(read.route->rpc_path, "/"), call.store())) {
    return {.reason = "POLICY"};
  }
  units_.push_back({std::move(read), access->client.get(), access->credentials, std::move(call),
                    std::move(places)});
  return {};
}

CallTerms CurrentReading::TermsOf(std::shared_ptr<const Credentials> credentials) const {
  CallTerms terms;
  terms.deadline = terms_.deadline;
  terms.credentials = std::move(credentials);
  terms.renewal = terms_.renewal;
  terms.caller = terms_.caller;
  return terms;
}

void CurrentReading::Advance() {
  while (true) {
    Unit* unit = nullptr;
    Done done;
    std::vector<Current> currents;
    {
      const MutexLock lock(mutex_);
      if (next_ < units_.size() && under_way_ < kMost) {
        unit = &units_[next_++];
        ++under_way_;
      } else if (next_ == units_.size() && under_way_ == 0) {
        done = std::exchange(done_, nullptr);
        if (done) currents = std::move(currents_);
      }
    }
    if (done) return done(std::move(currents));
    if (unit == nullptr) return;
    Send(*unit);
  }
}

// The answer may come before Client::Send returns.
void CurrentReading::Send(Unit& unit) {
  if (unit.begun->stopped()) {
    return OnAnswer(unit, {mapping::NotSent(absl::StatusCode::kCancelled, "CANCELLED", "")});
  }
  const std::shared_ptr<BegunCall> begun = unit.begun;
  begun->Began(unit.client->Send(std::move(unit.call), TermsOf(unit.credentials),
                                 [self = shared_from_this(), &unit](Answer answer) {
                                   unit.begun->Over();
                                   self->OnAnswer(unit, std::move(answer));
                                   self->Advance();
                                 }));
}

void CurrentReading::OnAnswer(Unit& unit, Answer answer) {
  const Current current = CurrentOf(unit, answer);
  const MutexLock lock(mutex_);
  --under_way_;
  Fill(unit, current);
}

Current CurrentReading::CurrentOf(const Unit& unit, const Answer& answer) const {
  if (const auto* failure = std::get_if<Failure>(&answer.result)) {
    return {.reason = failure->reason, .truth = TruthOf(*failure)};
  }
  const std::string& reply = std::get<mapping::Reply>(answer.result).message;
  std::optional<std::string> object_id = webhooks::CurrentReads::BornOut(unit.read, reply);
  return {.resource = reads_.Show(*unit.read.route, reply),
          .time = absl::Now(),
          .truth = object_id ? Current::kBornOut : Current::kNotBornOut,
          .object_id = std::move(object_id).value_or("")};
}

void CurrentReading::Fill(const Unit& unit, const Current& current) {
  for (const size_t place : unit.places) {
    bytes_ += current.resource.size();
    currents_[place] = current;
    if (bytes_ <= kMostBytes) continue;
    bytes_ -= current.resource.size();
    // It is known all the same whether the event is true.
    currents_[place].resource.clear();
    currents_[place].reason = "ANSWER_TOO_LARGE";
  }
}

void CurrentReading::Stop() {
  for (Unit& unit : units_) unit.begun->Stop();
}

}  // namespace gateway
