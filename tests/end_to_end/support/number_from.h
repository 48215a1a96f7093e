// Reads a test's numbers (of events, of kills, a seed) from the environment.
#ifndef TESTS_END_TO_END_SUPPORT_NUMBER_FROM_H_
#define TESTS_END_TO_END_SUPPORT_NUMBER_FROM_H_

#include <cstdlib>

#include "absl/strings/numbers.h"

namespace gateway {

// Returns the variable's number, or `otherwise` if it is not set or not a number.
inline int NumberFrom(const char* variable, int otherwise) {
  const char* const text = std::getenv(variable);
  int number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

}  // namespace gateway

#endif  // TESTS_END_TO_END_SUPPORT_NUMBER_FROM_H_
