#include "upstream/resilience/circuit_breaker.h"

#include <algorithm>

namespace gateway::resilience {

CircuitBreaker::Admission CircuitBreaker::Admit(SteadyTime now) {
  const MutexLock lock(mutex_);
  if (state_ == State::kOpen && now >= half_open_at_) {
    state_ = State::kHalfOpen;
    ++epoch_;
    probes_out_ = probes_good_ = 0;
  }
  switch (state_) {
    case State::kClosed:
      return {true, epoch_};
    case State::kOpen:
      return {false, 0};
    case State::kHalfOpen:
      if (probes_out_ + probes_good_ >= options_.probes) return {false, 0};
      ++probes_out_;
      return {true, epoch_};
  }
  return {false, 0};
}

void CircuitBreaker::Record(uint64_t ticket, Verdict verdict, SteadyTime now) {
  const MutexLock lock(mutex_);
  if (ticket != epoch_) return;
  if (state_ == State::kHalfOpen) return RecordProbe(verdict, now);
  if (verdict == Verdict::kNeither) return;
  window_.Add(verdict == Verdict::kGood ? kGoodCalls : kBadCalls, now);
  if (verdict == Verdict::kGood) return;
  const auto counts = window_.Sum(now);
  const auto calls = static_cast<double>(counts[kGoodCalls] + counts[kBadCalls]);
  const bool enough = calls >= options_.min_calls;
  if (!enough || static_cast<double>(counts[kBadCalls]) < options_.failure_share * calls) return;
  ++openings_;
  open_time_ = options_.open_time;
  Open(now);
}

void CircuitBreaker::RecordProbe(Verdict verdict, SteadyTime now) {
  --probes_out_;
  if (verdict == Verdict::kNeither) return;  // another call may be the probe instead
  if (verdict == Verdict::kBad) {
    open_time_ = std::min(open_time_ * 2, options_.max_open_time);
    return Open(now);
  }
  if (++probes_good_ >= options_.probes) Close();
}

void CircuitBreaker::Open(SteadyTime now) {
  state_ = State::kOpen;
  ++epoch_;
  half_open_at_ = now + open_time_;
}

void CircuitBreaker::Close() {
  state_ = State::kClosed;
  ++epoch_;
  window_.Clear();
}

CircuitBreaker::State CircuitBreaker::state() const {
  const MutexLock lock(mutex_);
  return state_;
}

bool CircuitBreaker::refuses(SteadyTime now) const {
  const MutexLock lock(mutex_);
  return state_ == State::kOpen && now < half_open_at_;
}

uint64_t CircuitBreaker::good_calls(SteadyTime now) const {
  const MutexLock lock(mutex_);
  return window_.Sum(now)[kGoodCalls];
}

uint64_t CircuitBreaker::openings() const {
  const MutexLock lock(mutex_);
  return openings_;
}

}  // namespace gateway::resilience
