// One provider's gateway and sandbox, and calls written as JSON, as grpcurl would take them.
//
// Thread-safety: one thread.
#ifndef TESTS_END_TO_END_SUPPORT_PROVIDER_STACK_H_
#define TESTS_END_TO_END_SUPPORT_PROVIDER_STACK_H_

#include <string>

#include "tests/end_to_end/support/arrival.h"
#include "tests/end_to_end/support/stack.h"

namespace gateway::end_to_end {

class ProviderStack {
 public:
  explicit ProviderStack(const std::string& provider) : ProviderStack(OptionsOf(provider)) {}
  explicit ProviderStack(const StackOptions& options);
  ~ProviderStack() { stack_.sandbox().OnRequest(nullptr); }
  ProviderStack(const ProviderStack&) = delete;
  ProviderStack& operator=(const ProviderStack&) = delete;

  // "CheckoutSessionsService/CreateCheckoutSession" of the provider's package.
  Answer Call(const std::string& method, const std::string& json, const Metadata& metadata = {});

  // The reply of a call that must succeed, as protobuf's own JSON with the protos' names.
  Json Reply(const std::string& method, const std::string& json, const Metadata& metadata = {});

  // The answer's message, as above.
  Json ReplyOf(const std::string& method, const Answer& answer) const;

  Stack& stack() { return stack_; }
  Recorder& recorder() { return recorder_; }

 private:
  const std::string package_;
  Stack stack_;
  Recorder recorder_;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_PROVIDER_STACK_H_
