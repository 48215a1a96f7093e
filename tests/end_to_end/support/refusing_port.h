// A local port that refuses every connection during the object's lifetime: the port is bound, so
// that no other process gets it, but nobody listens on it.
#ifndef TESTS_END_TO_END_SUPPORT_REFUSING_PORT_H_
#define TESTS_END_TO_END_SUPPORT_REFUSING_PORT_H_

#include <string>

namespace gateway::end_to_end {

class RefusingPort {
 public:
  // Ends the program if the system has no free port.
  RefusingPort();
  ~RefusingPort();
  RefusingPort(const RefusingPort&) = delete;
  RefusingPort& operator=(const RefusingPort&) = delete;

  // "http://127.0.0.1:12345"
  const std::string& url() const { return url_; }

 private:
  int socket_;
  std::string url_;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_REFUSING_PORT_H_
