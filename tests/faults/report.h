// One row for each case of the fault matrix and each wire, and at the end "N passed, 0 failed".
//
// A test belongs to a case by its name, which begins with "Case" and the number; its parameter, if
// it has one, is the wire. A test that is no case of the matrix gets a row with its own name.
//
//   int main(int argc, char** argv) { return gateway::faults::RunCases(argc, argv); }
//
//   TEST_P(ConnectionFaults, Case12BodyShorterThanAnnounced) {
//     ...
//     Saw("UNKNOWN unknown, 1 execution");
//   }
//
//   TEST_P(...) {
//     if (wire() == Wire::kHttp1) return NotProduced("HTTP/1.1 has no GOAWAY");
//
// Thread-safety: Saw and NotProduced belong to the test's thread.
#ifndef TESTS_FAULTS_REPORT_H_
#define TESTS_FAULTS_REPORT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace gateway::faults {

// As main: runs the program's tests and returns its exit code.
int RunCases(int argc, char** argv);

// What the running test saw, for its row. Once is enough to say the same thing.
void Saw(const std::string& what);

// The running test cannot commit its fault. Its row says so, and it does not count as passed.
void NotProduced(const std::string& reason);

// "body shorter than Content-Length" for 12.
absl::string_view WordsOf(int number);

}  // namespace gateway::faults

#endif  // TESTS_FAULTS_REPORT_H_
