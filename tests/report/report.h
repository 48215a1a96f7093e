// One row for each test of a program, numbered by a list of what is to be shown, and at the end
// "N passed, 0 failed".
//
// A test belongs to a number by its name, which begins with the list's word and the number; its
// parameter, if it has one, is the wire. A test without a number gets a row with its own name.
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
  absl::Span<const absl::string_view> rows;  // by number; the first is none
};

// As main: runs the program's tests and returns its exit code.
int Run(const List& list, int argc, char** argv);

// What the running test saw, for its row. Once is enough to say the same thing.
void Saw(const std::string& what);

// The running test cannot do what it is to do. Its row says so, and it does not count as passed.
void NotProduced(const std::string& reason);

}  // namespace gateway::report

#endif  // TESTS_REPORT_REPORT_H_
