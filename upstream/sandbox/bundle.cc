#include "upstream/sandbox/bundle.h"

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "upstream/mutex.h"

// Linked in by CMakeLists.txt.
extern "C" {
extern const char sandbox_events_paynow[], sandbox_events_paynow_end[];
extern const char sandbox_contract_convergegate[], sandbox_contract_convergegate_end[];
extern const char sandbox_behaviour_convergegate[], sandbox_behaviour_convergegate_end[];
extern const char sandbox_seed_convergegate[], sandbox_seed_convergegate_end[];
extern const char sandbox_arguments_convergegate[], sandbox_arguments_convergegate_end[];
extern const char sandbox_contract_paymentkit[], sandbox_contract_paymentkit_end[];
extern const char sandbox_behaviour_paymentkit[], sandbox_behaviour_paymentkit_end[];
extern const char sandbox_seed_paymentkit[], sandbox_seed_paymentkit_end[];
extern const char sandbox_arguments_paymentkit[], sandbox_arguments_paymentkit_end[];
extern const char sandbox_contract_paynow[], sandbox_contract_paynow_end[];
extern const char sandbox_behaviour_paynow_common[], sandbox_behaviour_paynow_common_end[];
extern const char sandbox_behaviour_paynow_events[], sandbox_behaviour_paynow_events_end[];
extern const char sandbox_behaviour_paynow_delivery[], sandbox_behaviour_paynow_delivery_end[];
extern const char sandbox_behaviour_paynow_payment[], sandbox_behaviour_paynow_payment_end[];
extern const char sandbox_behaviour_paynow_checkout[], sandbox_behaviour_paynow_checkout_end[];
extern const char sandbox_behaviour_paynow_subscriptions[],
    sandbox_behaviour_paynow_subscriptions_end[];
extern const char sandbox_behaviour_paynow_resources[], sandbox_behaviour_paynow_resources_end[];
extern const char sandbox_behaviour_paynow_records[], sandbox_behaviour_paynow_records_end[];
extern const char sandbox_behaviour_paynow_operations[], sandbox_behaviour_paynow_operations_end[];
extern const char sandbox_behaviour_paynow_window[], sandbox_behaviour_paynow_window_end[];
extern const char sandbox_behaviour_paynow_paynow[], sandbox_behaviour_paynow_paynow_end[];
extern const char sandbox_seed_paynow[], sandbox_seed_paynow_end[];
extern const char sandbox_arguments_paynow[], sandbox_arguments_paynow_end[];
extern const char sandbox_contract_qashier[], sandbox_contract_qashier_end[];
extern const char sandbox_behaviour_qashier[], sandbox_behaviour_qashier_end[];
extern const char sandbox_seed_qashier[], sandbox_seed_qashier_end[];
extern const char sandbox_arguments_qashier[], sandbox_arguments_qashier_end[];
}

namespace gateway::sandbox {
namespace {

absl::string_view Between(const char* begin, const char* end) {
  return absl::string_view(begin, static_cast<size_t>(end - begin));
}

}  // namespace

const std::vector<Bundle>& Bundles() {
  static const auto& bundles = *new std::vector<Bundle>{
      {"convergegate",
       Between(sandbox_contract_convergegate, sandbox_contract_convergegate_end),
       {{"convergegate",
         Between(sandbox_behaviour_convergegate, sandbox_behaviour_convergegate_end)}},
       Between(sandbox_seed_convergegate, sandbox_seed_convergegate_end),
       Between(sandbox_arguments_convergegate, sandbox_arguments_convergegate_end)},
      {"paymentkit",
       Between(sandbox_contract_paymentkit, sandbox_contract_paymentkit_end),
       {{"paymentkit", Between(sandbox_behaviour_paymentkit, sandbox_behaviour_paymentkit_end)}},
       Between(sandbox_seed_paymentkit, sandbox_seed_paymentkit_end),
       Between(sandbox_arguments_paymentkit, sandbox_arguments_paymentkit_end)},
      {"paynow",
       Between(sandbox_contract_paynow, sandbox_contract_paynow_end),
       {{"paynow/common",
         Between(sandbox_behaviour_paynow_common, sandbox_behaviour_paynow_common_end)},
        {"paynow/events",
         Between(sandbox_behaviour_paynow_events, sandbox_behaviour_paynow_events_end)},
        {"paynow/delivery",
         Between(sandbox_behaviour_paynow_delivery, sandbox_behaviour_paynow_delivery_end)},
        {"paynow/payment",
         Between(sandbox_behaviour_paynow_payment, sandbox_behaviour_paynow_payment_end)},
        {"paynow/checkout",
         Between(sandbox_behaviour_paynow_checkout, sandbox_behaviour_paynow_checkout_end)},
        {"paynow/subscriptions", Between(sandbox_behaviour_paynow_subscriptions,
                                         sandbox_behaviour_paynow_subscriptions_end)},
        {"paynow/resources",
         Between(sandbox_behaviour_paynow_resources, sandbox_behaviour_paynow_resources_end)},
        {"paynow/records",
         Between(sandbox_behaviour_paynow_records, sandbox_behaviour_paynow_records_end)},
        {"paynow/operations",
         Between(sandbox_behaviour_paynow_operations, sandbox_behaviour_paynow_operations_end)},
        {"paynow/window",
         Between(sandbox_behaviour_paynow_window, sandbox_behaviour_paynow_window_end)},
        {"paynow/paynow",
         Between(sandbox_behaviour_paynow_paynow, sandbox_behaviour_paynow_paynow_end)}},
       Between(sandbox_seed_paynow, sandbox_seed_paynow_end),
       Between(sandbox_arguments_paynow, sandbox_arguments_paynow_end)},
      {"qashier",
       Between(sandbox_contract_qashier, sandbox_contract_qashier_end),
       {{"qashier", Between(sandbox_behaviour_qashier, sandbox_behaviour_qashier_end)}},
       Between(sandbox_seed_qashier, sandbox_seed_qashier_end),
       Between(sandbox_arguments_qashier, sandbox_arguments_qashier_end)},
  };
  return bundles;
}

const Bundle* FindBundle(absl::string_view provider) {
  for (const Bundle& bundle : Bundles()) {
    if (bundle.provider == provider) return &bundle;
  }
  return nullptr;
}

absl::StatusOr<const Contract*> ContractOf(absl::string_view provider) {
  static Mutex mutex;
  static auto& parsed ABSL_GUARDED_BY(mutex) =
      *new std::map<std::string, std::unique_ptr<const Contract>>;
  const Bundle* bundle = FindBundle(provider);
  if (bundle == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no provider ", provider));
  }
  const MutexLock lock(mutex);
  std::unique_ptr<const Contract>& slot = parsed[std::string(provider)];
  if (slot == nullptr) {
    absl::StatusOr<std::unique_ptr<const Contract>> contract = Contract::Parse(bundle->contract);
    if (!contract.ok()) return contract.status();
    slot = *std::move(contract);
  }
  return slot.get();
}

const Contract* EventsOf(absl::string_view provider) {
  if (provider != "paynow") return nullptr;
  static const Contract* const events =
      Contract::Parse(Between(sandbox_events_paynow, sandbox_events_paynow_end)).value().release();
  return events;
}

}  // namespace gateway::sandbox
