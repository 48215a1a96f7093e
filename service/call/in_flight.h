// The calls that are being served, so that a drain can end those that outlast its grace: through
// the upstream, whose end tells what happened. gRPC itself would answer them UNAVAILABLE, which
// promises that a repeat is safe.
//
// Thread-safety: may be used from any thread.
// Lifetime: must outlive its members.
#ifndef SERVICE_CALL_IN_FLIGHT_H_
#define SERVICE_CALL_IN_FLIGHT_H_

#include <cstddef>
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

   private:
    friend class InFlight;
    // Its neighbours in the list, which so needs no memory of its own.
    Member* before_ = nullptr;
    Member* after_ = nullptr;
  };

  // One that comes after AbortAll is aborted at once.
  void Add(Member& member);
  // Of one that was added.
  void Remove(Member& member);

  void AbortAll();

  size_t size() const;

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  Member* first_ = nullptr;
  size_t size_ = 0;
  bool aborting_ = false;
};

}  // namespace gateway

#endif  // SERVICE_CALL_IN_FLIGHT_H_
