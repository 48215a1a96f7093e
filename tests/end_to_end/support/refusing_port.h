// A port of this machine on which every connection is refused for as long as the object lives:
// bound, so that nobody else gets it, and never listened on.
#ifndef TESTS_END_TO_END_SUPPORT_REFUSING_PORT_H_
#define TESTS_END_TO_END_SUPPORT_REFUSING_PORT_H_

#include <string>

namespace gateway::end_to_end {

class RefusingPort {
 public:
  // Ends the program where the system has no port.
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
