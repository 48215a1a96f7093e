#include "service/reconcile/read_back.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway {
namespace {

const UpstreamAccess* AccessOf(const Generation& generation, absl::string_view upstream) {
  const auto found =
      std::find_if(generation.upstreams.begin(), generation.upstreams.end(),
                   [&](const UpstreamAccess& access) { return access.name == upstream; });
  return found == generation.upstreams.end() ? nullptr : &*found;
}

}  // namespace

ReadBack::ReadBack(const mapping::RouteTable& routes, KeyRenewal& renewal) : renewal_(renewal) {
  for (const mapping::Route& route : routes.routes()) {
    if (route.access == mapping::Access::kRead) reads_.emplace(route.rpc_path, &route);
    if (route.once.lookup != nullptr) writes_.emplace(route.full_name, &route);
  }
}

const mapping::LookupPlan* ReadBack::LookupOf(absl::string_view rpc) const {
  const auto write = writes_.find(rpc);
  return write == writes_.end() ? nullptr : write->second->once.lookup.get();
}

Client::Handle ReadBack::Read(const Generation& generation, const mapping::LookupPlan& lookup,
                              absl::string_view request, SteadyTime deadline, Done done) const {
  const auto read = reads_.find(lookup.read_path);
  const UpstreamAccess* const access =
      read == reads_.end() ? nullptr : AccessOf(generation, read->second->provider->name());
  if (access == nullptr) {
    done(mapping::NotSent(absl::StatusCode::kFailedPrecondition, "LOOKUP_NOT_CONFIGURED",
                          absl::StrCat("no upstream serves ", lookup.read_path)));
    return {};
  }
  CallTerms terms;
  terms.deadline = deadline;
  terms.credentials = access->credentials;
  terms.renewal = &renewal_;
  return access->client->Call(*read->second, request, terms,
                              [done = std::move(done)](Answer answer) mutable {
                                if (auto* reply = std::get_if<mapping::Reply>(&answer.result)) {
                                  return done(std::move(reply->message));
                                }
                                done(std::get<mapping::Failure>(std::move(answer.result)));
                              });
}

}  // namespace gateway
