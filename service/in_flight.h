// The calls that are being served, so that a drain can end those that outlast its grace: through
// the upstream, whose end tells what happened. gRPC itself would answer them UNAVAILABLE, which
// promises that a repeat is safe.
//
// Thread-safety: may be used from any thread.
// Lifetime: must outlive its members.
#ifndef SERVICE_IN_FLIGHT_H_
#define SERVICE_IN_FLIGHT_H_

#include <cstddef>
#include <list>
#include <mutex>

namespace gateway {

class InFlight {
 public:
  class Member {
   public:
    // Called at most once, while the member is in the list. Must not call back.
    virtual void Abort() = 0;

   protected:
    ~Member() = default;
  };
  using Place = std::list<Member*>::iterator;

  // One that comes after AbortAll is aborted at once.
  Place Add(Member& member);
  void Remove(Place place);

  void AbortAll();

  size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::list<Member*> members_;  // guarded by mutex_, as is the next
  bool aborting_ = false;
};

}  // namespace gateway

#endif  // SERVICE_IN_FLIGHT_H_
