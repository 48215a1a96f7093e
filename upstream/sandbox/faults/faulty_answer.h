// Answers one request over its connection as the fault prescribes.
//
// For one thread.
#ifndef UPSTREAM_SANDBOX_FAULTS_FAULTY_ANSWER_H_
#define UPSTREAM_SANDBOX_FAULTS_FAULTY_ANSWER_H_

#include <functional>

#include "upstream/sandbox/faults/faults.h"
#include "upstream/sandbox/http/connection.h"

namespace gateway::sandbox {

struct FaultyCall {
  // Executes the call and makes its reply. Is called at most once.
  std::function<Reply()> execute;
  // Makes the provider's error for a status.
  std::function<Reply(int status)> refuse;
  // Is called once with the reply that goes out, before it does; never if none goes out. Returns
  // the reply.
  std::function<Reply(Reply)> tell;
};

// Returns false if the connection must be closed.
bool AnswerWithFault(const Fault& fault, Connection& connection, const FaultyCall& call);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_FAULTS_FAULTY_ANSWER_H_
