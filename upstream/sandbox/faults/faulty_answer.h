// Answers one request over its connection as the fault prescribes.
//
// For one thread.
#ifndef UPSTREAM_SANDBOX_FAULTS_FAULTY_ANSWER_H_
#define UPSTREAM_SANDBOX_FAULTS_FAULTY_ANSWER_H_

#include <functional>

#include "upstream/sandbox/faults/faults.h"
#include "upstream/sandbox/http/connection.h"

namespace gateway::sandbox {

// `execute` executes the call and makes its reply; it is called at most once. `refuse` makes the
// provider's error for a status. Returns false if the connection must be closed.
bool AnswerWithFault(const Fault& fault, Connection& connection,
                     const std::function<Reply()>& execute,
                     const std::function<Reply(int status)>& refuse);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_FAULTS_FAULTY_ANSWER_H_
