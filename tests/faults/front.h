// The gateway as a fault case calls it: either the whole gateway through real gRPC, or, since
// ThreadSanitizer cannot check gRPC's library, everything behind gRPC, called directly. The build
// of the bench decides between the two; answers and metrics look the same.
//
// Thread-safety: Start and MetricsText may be called from any thread; a Pending belongs to one
// thread. Lifetime: a Front must outlive its Pendings. Errors: a gateway that does not start ends
// the program.
//
//   const auto front = Front::Start(config);
//   const auto call = front->Start(rpc, request, absl::Now() + absl::Seconds(5));
//   const end_to_end::Answer answer = call->Await();
#ifndef TESTS_FAULTS_FRONT_H_
#define TESTS_FAULTS_FRONT_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "service/config/config.h"
#include "tests/end_to_end/support/caller.h"

namespace gateway::faults {

class Front {
 public:
  class Pending {
   public:
    virtual ~Pending() = default;
    virtual void Cancel() = 0;
    // Ends the program if no answer arrives within a minute.
    virtual end_to_end::Answer Await() = 0;
  };

  static std::unique_ptr<Front> Start(const Config& config);
  static bool IsThroughGrpc();

  virtual ~Front() = default;

  // `rpc`: "/package.Service/Method".
  virtual std::unique_ptr<Pending> Start(const std::string& rpc, const std::string& request,
                                         absl::Time deadline) = 0;

  // Returns the metrics in Prometheus' text format.
  virtual std::string MetricsText() const = 0;
};

}  // namespace gateway::faults

#endif  // TESTS_FAULTS_FRONT_H_
