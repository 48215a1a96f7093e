// The gateway and the sandbox of one provider. Requests and replies are JSON, as with grpcurl.
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

  // `method` is a name in the provider's package: "CheckoutSessionsService/CreateCheckoutSession".
  Answer Call(const std::string& method, const std::string& json, const Metadata& metadata = {});

  // Returns the reply of a call that must succeed, in protobuf's JSON with the protos' field names.
  Json Reply(const std::string& method, const std::string& json, const Metadata& metadata = {});

  // Returns the answer's message, in the same JSON as Reply.
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
