#include "service/receiving.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/config/prefixed.h"
#include "service/events/receiver/tls_context.h"
#include "service/log/log.h"

namespace gateway {
namespace {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// Returns the TLS context of the certificate in force, and makes a new context when the certificate
// has changed. If this fails, logs an error and goes on with the last context; this is not
// expected, because a generation's files were checked before. Used only by the receiver's thread.
class TlsOf {
 public:
  explicit TlsOf(const Slot<Generation>& in_force) : in_force_(in_force) {}

  TlsContext operator()() {
    std::shared_ptr<const TlsMaterial> now = in_force_.Get()->receiver_tls;
    if (now == material_) return context_;
    material_ = std::move(now);
    auto made = events::MakeTlsContext(material_->certificate_chain, material_->key);
    if (made.ok()) {
      context_ = *std::move(made);
    } else {
      Log(Severity::kError, "the receiver of webhooks goes on with the certificate that it has",
          {{"reason", std::string(made.status().message())}});
    }
    return context_;
  }

 private:
  const Slot<Generation>& in_force_;
  std::shared_ptr<const TlsMaterial> material_;
  TlsContext context_;
};

}  // namespace

Receiving::Receiving(const Config& config, events::EventLog& log,
                     std::shared_ptr<ledger::ReplyCipher> cipher, const webhooks::Schemes& schemes,
                     const Slot<Generation>& in_force)
    : intake_(log, std::move(cipher), schemes, [&in_force] { return in_force.Get()->webhooks; },
              {.max_bytes = config.events.max_bytes, .keep = config.events.keep}) {}

absl::StatusOr<std::unique_ptr<Receiving>> Receiving::Create(
    const Config& config, events::EventLog& log, std::shared_ptr<ledger::ReplyCipher> cipher,
    const webhooks::Schemes& schemes, const Slot<Generation>& in_force) {
  const ReceiverConfig& options = config.webhooks.receiver;
  std::unique_ptr<Receiving> receiving(
      new Receiving(config, log, std::move(cipher), schemes, in_force));
  events::ReceiverOptions receiver = {
      .listen = options.listen,
      .max_connections = static_cast<size_t>(options.max_connections),
      .max_header_bytes = static_cast<size_t>(options.max_header_bytes),
      .request_timeout = options.request_timeout,
      .idle_timeout = options.idle_timeout,
      .max_failures_per_second = options.max_failures_per_second};
  if (!options.certificate_file.empty()) receiver.tls = TlsOf(in_force);
  auto created = events::Receiver::Create(receiver, receiving->intake_);
  if (!created.ok()) {
    return Prefixed(absl::StrCat(config.file, ": webhooks.listen: "), created.status());
  }
  receiving->receiver_ = *std::move(created);
  Log(Severity::kInfo, "receiving webhooks", {{"port", int64_t{receiving->receiver_->port()}}});
  return receiving;
}

}  // namespace gateway
