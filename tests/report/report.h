// Prints one row per test of a program, numbered by a list of requirements, and at the end "N
// passed, 0 failed".
//
// A test belongs to a number if its name begins with the list's word and the number. The row also
// shows the test's parameter (the wire), if it has one. A test without a number gets a row under
// its own name.
//
//   int main(int argc, char** argv) {
//     return gateway::report::Run({.word = "Case", .rows = kMatrix}, argc, argv);
//   }
//
//   TEST_P(ConnectionFaults, Case12BodyShorterThanAnnounced) {
//     ...
//     Saw("UNKNOWN unknown, 1 execution");
//   }
//
//   TEST_P(...) {
//     if (wire() == Wire::kPlain) return NotProduced("without TLS there is no handshake");
//
// Thread-safety: Saw and NotProduced belong to the test's thread.
#ifndef TESTS_REPORT_REPORT_H_
#define TESTS_REPORT_REPORT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace gateway::report {

struct List {
  absl::string_view word;                    // "Case"
  absl::Span<const absl::string_view> rows;  // by number; the first is unused
};

// To be called by main: runs the program's tests and returns its exit code.
int Run(const List& list, int argc, char** argv);

// Adds an observation to the running test's row. Repeated texts are shown once.
void Saw(const std::string& what);

// Marks the running test as unable to produce its situation. Its row says so, and it does not count
// as passed.
void NotProduced(const std::string& reason);

}  // namespace gateway::report

#endif  // TESTS_REPORT_REPORT_H_
