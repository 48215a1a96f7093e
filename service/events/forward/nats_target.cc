#include "service/events/forward/nats_target.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gateway::events {
namespace {

// A token of a subject: no dots, no wildcards, no space.
std::string TokenOf(absl::string_view text) {
  std::string token(text.empty() ? "_" : text);
  for (char& c : token) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '_') c = '_';
  }
  return token;
}

}  // namespace

std::string SubjectOf(absl::string_view prefix, const Message& message) {
  std::string subject = absl::StrCat(prefix, ".", TokenOf(message.provider));
  for (const absl::string_view part :
       absl::StrSplit(message.type.empty() ? "unreadable" : message.type, '.')) {
    absl::StrAppend(&subject, ".", TokenOf(part));
  }
  return subject;
}

absl::StatusOr<std::unique_ptr<NatsTarget>> NatsTarget::Create(NatsOptions options,
                                                               const ThreadMaker& make_thread) {
  const size_t threads = options.threads;
  auto connection = NatsConnection::Create(std::move(options));
  if (!connection.ok()) return connection.status();
  std::unique_ptr<NatsTarget> target(new NatsTarget(*std::move(connection)));
  for (size_t i = 0; i < threads; ++i) {
    absl::StatusOr<std::thread> thread =
        StartThread([self = target.get()] { self->Run(); }, make_thread);
    if (!thread.ok()) return thread.status();
    target->threads_.push_back(*std::move(thread));
  }
  return target;
}

NatsTarget::NatsTarget(std::unique_ptr<NatsConnection> connection)
    : connection_(std::move(connection)) {}

NatsTarget::~NatsTarget() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  connection_->Close();
  for (std::thread& thread : threads_) thread.join();
}

void NatsTarget::HandOn(Message message, SteadyTime deadline, Done done) {
  {
    const MutexLock lock(mutex_);
    jobs_.push_back({std::move(message), deadline, std::move(done)});
  }
  changed_.NotifyOne();
}

void NatsTarget::Run() {
  while (true) {
    Job job;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && jobs_.empty()) changed_.Wait(mutex_);
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job.done(connection_->Publish(SubjectOf(connection_->options().subject, job.message),
                                  job.message, job.deadline));
  }
}

}  // namespace gateway::events
