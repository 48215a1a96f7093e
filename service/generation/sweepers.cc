#include "service/generation/sweepers.h"

#include <algorithm>
#include <future>
#include <string>
#include <utility>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "service/log/log.h"
#include "upstream/begun_call.h"
#include "upstream/client.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/route.h"
#include "upstream/mutex.h"

namespace gateway {
namespace {

constexpr absl::Duration kPageTime = absl::Seconds(30);

// Reads pages with the upstream's own client, so with its limits and retries, and the keys in
// force.
class UpstreamPages final : public events::PageReader {
 public:
  UpstreamPages(std::string upstream, const Slot<Generation>& in_force, KeyRenewal& renewal)
      : upstream_(std::move(upstream)), in_force_(in_force), renewal_(renewal) {}

  absl::StatusOr<std::string> Read(const mapping::PagedList& list,
                                   const std::string& request) override {
    const std::shared_ptr<const Generation> generation = in_force_.Get();
    const auto access =
        std::find_if(generation->upstreams.begin(), generation->upstreams.end(),
                     [&](const UpstreamAccess& one) { return one.name == upstream_; });
    if (access == generation->upstreams.end()) return absl::NotFoundError("no such upstream");
    const auto begun = std::make_shared<BegunCall>();
    if (!Begin(begun)) return absl::CancelledError("the end");
    CallTerms terms;
    terms.deadline = SteadyTime::Now() + kPageTime;
    terms.credentials = access->credentials;
    terms.renewal = &renewal_;
    const auto promise = std::make_shared<std::promise<Answer>>();
    begun->Began(access->client->Call(*list.page, request, terms, [begun, promise](Answer answer) {
      begun->Over();
      promise->set_value(std::move(answer));
    }));
    Answer answer = promise->get_future().get();
    if (auto* reply = std::get_if<mapping::Reply>(&answer.result)) return std::move(reply->message);
    const auto& failure = std::get<mapping::Failure>(answer.result);
    return absl::Status(failure.code, failure.reason);
  }

  void Cancel() override {
    const MutexLock lock(mutex_);
    cancelled_ = true;
    if (begun_ != nullptr) begun_->Stop();
  }

 private:
  bool Begin(const std::shared_ptr<BegunCall>& begun) {
    const MutexLock lock(mutex_);
    begun_ = begun;
    return !cancelled_;
  }

  const std::string upstream_;
  const Slot<Generation>& in_force_;
  KeyRenewal& renewal_;
  Mutex mutex_;
  std::shared_ptr<BegunCall> begun_ ABSL_GUARDED_BY(mutex_);
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

events::SweepOptions OptionsOf(const std::string& upstream, const SweepConfig& config) {
  events::SweepOptions options;
  options.provider = upstream;
  options.stores = config.stores;
  options.every = config.every;
  options.settle = config.settle;
  options.look_back = config.look_back;
  options.between_pages = absl::Minutes(1) / config.pages_per_minute;
  return options;
}

// Whether the provider's webhooks are received by this gateway, or perhaps by another gateway that
// shares the log.
bool MayBeReceived(const Config& config, const std::string& provider) {
  return !config.events.dsn_file.empty() ||
         (!config.webhooks.receiver.listen.empty() && config.webhooks.providers.contains(provider));
}

bool IsStore(const webhooks::Fact& fact, const std::string& store) {
  const mapping::FieldPlan* const tenant = fact.list->page->tenant;
  return tenant == nullptr || tenant->format != mapping::Format::kFlakeId ||
         mapping::IsFlakeId(store);
}

}  // namespace

absl::Status CheckSweeps(const Config& config, const Protos& protos) {
  for (const auto& [upstream, sweep] : config.events.sweep) {
    const auto bad = [&, name = upstream](absl::string_view reason) {
      return absl::InvalidArgumentError(absl::StrCat("sweep.", name, ": ", reason));
    };
    if (!config.upstreams.contains(upstream)) return bad("upstreams has none of this name");
    if (protos.facts.Of(upstream).empty()) {
      return bad("the protos of this provider say nothing of what to look for");
    }
    for (const std::string& store : sweep.stores) {
      if (!IsStore(protos.facts.Of(upstream).front(), store)) {
        return bad("stores: one of them is no id of a store");
      }
    }
    if (!MayBeReceived(config, upstream)) {
      return bad("its webhooks are not received: everything would be found missing");
    }
  }
  return absl::OkStatus();
}

Sweepers StartSweepers(const EventsConfig& config, const Protos& protos, events::EventLog& log,
                       const EventsInUse& events, const Slot<Generation>& in_force,
                       KeyRenewal& renewal) {
  Sweepers sweepers;
  for (const auto& [upstream, sweep] : config.sweep) {
    for (const std::string& type : protos.facts.NotListed(upstream)) {
      Log(Severity::kWarning,
          "a sweep does not look for these events: no list of the protos has them",
          {{"upstream", upstream}, {"type", type}});
    }
    sweepers.push_back(std::make_unique<events::Sweeper>(
        OptionsOf(upstream, sweep), protos.facts.Of(upstream), log, events.cipher,
        std::make_unique<UpstreamPages>(upstream, in_force, renewal)));
  }
  return sweepers;
}

}  // namespace gateway
