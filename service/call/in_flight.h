// The calls that are being served. When a drain's grace period is over, AbortAll aborts the calls
// that are left: each call ends its upstream request and answers with what is known of the outcome.
// gRPC itself would answer UNAVAILABLE, which promises that a retry is safe.
//
// Thread-safety: may be used from any thread.
// Lifetime: must outlive its members.
#ifndef SERVICE_CALL_IN_FLIGHT_H_
#define SERVICE_CALL_IN_FLIGHT_H_

#include <cstddef>

#include "upstream/mutex.h"

namespace gateway {

class InFlight {
 public:
  class Member {
   public:
    // Called at most once, while the member is in the list. Must not call InFlight: its mutex is
    // held.
    virtual void Abort() = 0;

   protected:
    ~Member() = default;

   private:
    friend class InFlight;
    // The neighbours in the list. They are kept here so that the list allocates no memory.
    Member* before_ = nullptr;
    Member* after_ = nullptr;
  };

  // A member that is added after AbortAll is aborted at once.
  void Add(Member& member);
  // The member must have been added.
  void Remove(Member& member);

  void AbortAll();

  size_t size() const;

 private:
  mutable Mutex mutex_;
  Member* first_ ABSL_GUARDED_BY(mutex_) = nullptr;
  size_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  bool aborting_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace gateway

#endif  // SERVICE_CALL_IN_FLIGHT_H_
